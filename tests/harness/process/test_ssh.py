"""A framework on another machine, ``NAME@ssh=host//...``: through a real sshd, on loopback."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.project import Project, create

PLACES = os.pathsep.join([os.defpath, "/usr/sbin", "/usr/local/sbin", "/sbin"])
SSHD = shutil.which("sshd", path=PLACES)
pytestmark = pytest.mark.skipif(
    SSHD is None or shutil.which("ssh") is None, reason="there is no sshd, or no ssh, here"
)
SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
PidFile none
"""
CLIENT = """\
Host far-away
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/user
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known
  BatchMode yes
"""


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            assert time.monotonic() < deadline, "sshd does not come up"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run an sshd on loopback, which knows one key; give the client's configuration."""
    folder, port = tmp_path_factory.mktemp("ssh"), free_port()
    for name in ("host", "user"):
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(made, check=True)
    host = (folder / "host.pub").read_text()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {host}")
    told = {"port": port, "folder": folder, "user": getpass.getuser()}
    (folder / "server").write_text(SERVER.format(**told))
    (folder / "client").write_text(CLIENT.format(**told))
    if os.getuid() == 0:  # what a service's start makes, and sshd asks for where root runs it
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with subprocess.Popen([str(SSHD), "-D", "-f", str(folder / "server")]) as server:
        try:
            wait_for(port)
            yield folder / "client"
        finally:
            server.terminate()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with a framework that is right, and one whose process dies."""
    return create(tmp_path / "project", "right", "segfaults")


def far(name: str, client: Path, project: Project) -> str:
    """Return the label of a framework that runs through sshd."""
    where = f"ssh=far-away//ssh_config={client}//python={sys.executable}//chdir={project.root}"
    return f"{name}@{where}"


def test_through_sshd(client: Path, project: Project) -> None:
    """A framework runs there as it does here: every case, with its versions in the report."""
    label = far("right", client, project)
    seen = project.observe("--framework", label, "--framework", "right", timeout=300)
    assert seen.result.ret == 0, seen.result.outlines
    assert {label for label, _ in seen.outcomes} == {label, "right"}
    for (one, case), outcome in seen.outcomes.items():
        assert outcome == seen.outcomes["right", case], one
    assert seen.header.frameworks[label].versions == seen.header.frameworks["right"].versions


def test_death_there(client: Path, project: Project) -> None:
    """A process that dies there is the outcome of one case, and the next goes on."""
    label = far("segfaults", client, project)
    seen = project.observe("--framework", label, timeout=300)
    assert seen.outcomes[label, "edge-one-step"] == "crashed"
    assert seen.outcomes[label, "plain-three-steps"] == "agrees"


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("right@ssh=nobody//ssh_config={client}", "nobody//ssh_config={client} does not answer: "),
        ("right@ssh=far-away//ssh_config=/none", "//ssh_config=/none does not answer: "),
        (
            "right@ssh=far-away//ssh_config={client}//python=/none",
            "//python=/none does not answer: ",
        ),
    ],
)
def test_nobody_there(label: str, told: str, client: Path, project: Project) -> None:
    """A machine that is not there, or has no such Python, is one line before the run."""
    result = project.run("--framework", label.format(client=client), timeout=300)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [one for one in result.errlines if one.startswith("ERROR")]
    assert told.format(client=client) in line


def test_nothing_is_left(client: Path, project: Project) -> None:
    """With the run the process there ends."""
    project.observe("--framework", far("right", client, project), "--case", "plain-*", timeout=300)
    deadline = time.monotonic() + 15
    while left := running(str(project.root)):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def running(root: str) -> list[int]:
    """Return the processes whose folder is `root`."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if str(link.readlink()) == root:
                found.append(int(link.parent.name))
        except OSError:  # it is gone, or is not ours
            continue
    return found
