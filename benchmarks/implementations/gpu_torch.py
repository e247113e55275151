"""PyTorch with all data on a device, in strict float32: eager, or compiled in one of its modes."""

import functools

import numpy as np
import torch
import with_torch
from gpu_work import CHAIN_SHAPE, LeftOutError, Names, Program, chain, numbers
from workloads import LEARNING_RATE

MODES = {"compile": "default", "reduce": "reduce-overhead"}
NAMES = Names(torch.exp, functools.partial(torch.softmax, dim=-1), torch.Tensor.contiguous)


def _cost(family, data):
    """The cost, parameters and batch of a family."""
    if family == "network":
        loss, parameters, *batch = with_torch.network(data)
    elif family == "sequences":
        loss, parameters, *batch = with_torch.sequence_classifier(data)
    else:
        loss, parameters = with_torch.sentence_classifier(data)
        batch = [data["words"], data["label"]]
    return loss, parameters, batch


def _wide(array):
    """An array, of int64 if it holds integers, as torch wants its indices."""
    return array.astype("int64") if array.dtype == np.int32 else array


class Implementation:
    """Programs for one device; the variant is "", "compile" or "reduce"."""

    def __init__(self, device, variant=""):
        self.on_gpu = device.startswith("cuda")
        if self.on_gpu and not torch.cuda.is_available():
            raise LeftOutError(f"torch {torch.__version__} has no CUDA here")
        self.device = torch.device(f"cuda:{device[4:] or 0}" if self.on_gpu else "cpu")
        self.variant = variant
        torch.set_float32_matmul_precision("highest")
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False

    def _prepared(self, f):
        if not self.variant:
            return f
        return torch.compile(f, mode=MODES[self.variant], dynamic=False)

    def _begin(self):
        if self.variant == "reduce":
            torch.compiler.cudagraph_mark_step_begin()

    def _put(self, array):
        """On the device, where it will stay."""
        made = torch.from_numpy(np.array(array)).to(self.device)
        if self.variant == "reduce":
            torch._dynamo.mark_static_address(made)
        return made

    def _wait(self):
        if self.on_gpu:
            torch.cuda.synchronize()

    def _program(self, f, *arguments):
        """A function of tensors, without gradients."""
        last = None

        @torch.no_grad()
        def queue():
            nonlocal last
            self._begin()
            last = f(*arguments)

        def call():
            queue()
            self._wait()

        return Program(queue, self._wait, lambda: last.cpu().numpy(), call)

    def copy(self, array):
        """A copy of an array to another place."""
        source = self._put(array)
        return self._program(torch.empty_like(source).copy_, source)

    def kernel(self, kernel):
        """One of `kernels`."""
        f = self._prepared(functools.partial(kernel.compute, NAMES))
        return self._program(f, *map(self._put, kernel.inputs()))

    def chain(self, n):
        """Small kernels in a row."""
        f = self._prepared(lambda x: chain(NAMES, x, n))
        return self._program(f, self._put(numbers(CHAIN_SHAPE)))

    def training(self, family, data):
        """A step of gradient descent; its loss stays on the device unless it is asked for."""
        loss, values, batch = _cost(family, data)
        loss = self._prepared(loss)
        parameters = [self._put(p).requires_grad_() for p in values]
        # A label that is a number would be fetched from the device at each step.
        inputs = [self._put(_wide(x)) if np.ndim(x) else int(x) for x in batch]
        rate = float(data.get("rate", LEARNING_RATE))
        last = None

        def queue():
            nonlocal last
            self._begin()
            value = loss(parameters, *inputs)
            gradients = torch.autograd.grad(value, parameters)
            with torch.no_grad():
                torch._foreach_add_(parameters, gradients, alpha=-rate)
            last = value.detach()

        def call():
            queue()
            return float(last)

        return Program(queue, self._wait, lambda: last.cpu().numpy(), call)
