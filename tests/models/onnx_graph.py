import onnx
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(1)
ways = 2 if kind == "both" else 1
count = 2 if kind == "stack" else 1
nodes, tensors, fed = [], [], "X"
tensors.append(numpy_helper.from_array(np.array([0, 0, -1]), "joined"))
for number in range(count):
    own = f"layer_{number}"
    shapes = {"W": (ways, 16, 4 if number else 3), "R": (ways, 16, 4), "B": (ways, 32)}
    if kind == "bare":
        del shapes["B"]
    for letter, shape in shapes.items():
        array = random.normal(size=shape, scale=0.3).astype("float32")
        tensors.append(numpy_helper.from_array(array, f"{own}/{letter}"))
    given = [fed, *(f"{own}/{letter}" for letter in shapes)]
    options = {"hidden_size": 4, "direction": "bidirectional" if ways == 2 else "forward"}
    nodes.append(helper.make_node("LSTM", given, [f"{own}/Y"], name=own, **options))
    nodes.append(helper.make_node("Transpose", [f"{own}/Y"], [f"{own}/T"], perm=[0, 2, 1, 3]))
    fed = f"{own}/J"
    nodes.append(helper.make_node("Reshape", [f"{own}/T", "joined"], [fed]))
inputs = [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["t", "b", 3])]
outputs = [helper.make_tensor_value_info(fed, TensorProto.FLOAT, None)]
graph = helper.make_graph(nodes, "model", inputs, outputs, tensors)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
onnx.save(model, FILE + ".onnx")
graph = model.graph
# LOAD
import onnxruntime

session = onnxruntime.InferenceSession(model.SerializeToString())
output = session.run(None, {"X": x.transpose(1, 0, 2)})[0].transpose(1, 0, 2)
