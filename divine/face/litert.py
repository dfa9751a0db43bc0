"""Running a TensorFlow Lite network: one thread, verified weights, the same numbers every time."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from jaxtyping import Float

from divine.weights import WeightsFile, verified


class Network:
    """One network with one picture as its input."""

    def __init__(self, weights: WeightsFile):
        # One thread: two do not help at this size, and a fixed number keeps the sums in one order.
        self.interpreter = Interpreter(model_content=verified(weights).read_bytes(), num_threads=1)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]["index"]
        self.outputs = [detail["index"] for detail in self.interpreter.get_output_details()]

    def __call__(self, picture: Float[np.ndarray, "h w 3"]) -> tuple[np.ndarray, ...]:
        """Return copies of the outputs for one picture, in the network's order."""
        self.interpreter.set_tensor(self.input, picture[None])
        self.interpreter.invoke()
        return tuple(self.interpreter.get_tensor(index) for index in self.outputs)
