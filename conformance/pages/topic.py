"""What frameworks differ in, topic by topic: one page each, all adapters side by side."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.pages import axes, conduct
from conformance.pages.book import Book
from conformance.pages.markdown import HEAD


@dataclass(frozen=True)
class Topic:
    """One page: its file's name, its title, what it is about, and the lines of its tables."""

    name: str
    title: str
    about: str
    lines: Callable[[Book], Iterator[str]]

    def page(self, book: Book) -> str:
        """The page as Markdown."""
        head = (HEAD, f"# {self.title}", "", self.about, "")
        return "\n".join((*head, *self.lines(book), "[All topics](README.md)", ""))


TOPICS = (
    Topic(
        "layout",
        "Layout of the input",
        "Which axis comes first: batch or time, neither, or one more.",
        axes.layout,
    ),
    Topic(
        "results",
        "Results and their axes",
        "What a layer of one direction hands out, by the framework's own names.",
        axes.results,
    ),
    Topic(
        "containers",
        "Order and container of results",
        "Tuple, list or named tuple; output first or states first; h first or c first.",
        conduct.containers,
    ),
    Topic("gates", "Gate order and weights", "How gates lie in the matrices.", axes.gates),
    Topic(
        "activations",
        "Functions of gates and cells",
        "Other functions than sigmoid and tanh, a hard sigmoid being one of two; other cells.",
        conduct.functions,
    ),
    Topic("biases", "Biases and parameter counts", "One bias a gate, or two.", axes.biases),
    Topic(
        "forget-bias",
        "Forget bias",
        "What the forget gate's bias begins at, and what is added to it at every step.",
        conduct.forget,
    ),
    Topic(
        "padding",
        "Lengths, and what stands behind a sequence's end",
        "Sequences that end early in one batch: no case compares what stands behind the end.",
        conduct.padding,
    ),
    Topic(
        "reverse",
        "The reverse direction's final state",
        "Where it stands, and how a layer that reads backwards hands out its output.",
        axes.reverse,
    ),
    Topic("merges", "Merging two directions", "Side by side, or number by number.", axes.merge),
    Topic(
        "projection",
        "Projection",
        "h is projected to fewer units, c is not.",
        axes.projection,
    ),
    Topic("states", "States", "Fed, handed out, or kept by the layer itself.", conduct.states),
    Topic("dtypes", "dtypes", "Which there are, and what promotes to what.", conduct.dtypes),
    Topic("empty-axes", "Empty axes", "No sequence, no step, or no feature.", conduct.empty),
    Topic("bad-input", "Bad input", "Wrong ranks, features, states and lengths.", conduct.bad),
    Topic("inference", "Shape inference", "Shapes without a run.", conduct.inference),
    Topic(
        "execution",
        "Execution, gradients and dropout",
        "Eager, compiled or by a model's predict; differentiated; with dropout, in evaluation.",
        conduct.execution,
    ),
    Topic("checkpoints", "Checkpoints", "What is saved, by which names.", conduct.checkpoints),
    Topic("defaults", "Defaults", "The layer that one gets without choosing.", conduct.defaults),
    Topic("gaps", "Gaps", "Layers that there are not, with links.", conduct.gaps),
)
