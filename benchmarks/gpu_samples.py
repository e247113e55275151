"""Every sample of an op on a device: run once command by command, then replayed twice."""

import concurrent.futures
import contextlib
import faulthandler
import json
import multiprocessing
import os
import time
import warnings
from pathlib import Path

import numpy as np
from bitale_codegen_cuda.compiler.kept import KeptNvrtc
from bitale_codegen_cuda.compiler.nvrtc import find_nvrtc
from bitale_codegen_cuda.devices import device_of, use_device
from bitale_codegen_cuda.driver.cuda_library import CudaLibrary
from bitale_codegen_cuda.driver.recording import RecordingDriver
from bitale_codegen_cuda.kernel.dialect import prelude
from bitale_graph import Mode, function
from bitale_graph.testing import op_samples

# So many kernels are compiled as one source.
TOGETHER = 40
# A sample that takes so many seconds hangs; the process ends itself.
PATIENCE = 30


def run(job, lost):
    """Run the samples from ``job.start`` on, and write which differ, and how many ran.

    Where one leaves the device of no use, the process ends with the status ``lost``.
    """
    samples = list(enumerate(op_samples()))[:: job.every]
    samples = [(i, sample) for i, sample in samples if i >= job.start]
    start = time.perf_counter()
    texts = kernel_texts([sample for _, sample in samples])
    driver = prepared(job.device, texts)
    job.write("compiled", kernels=len(texts), took=time.perf_counter() - start)
    mode = Mode(device=job.device, optimizer="None")
    ran = replayed = 0
    for i, sample in samples:
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        told, was_replayed = compared(sample, mode)
        ran, replayed = ran + 1, replayed + was_replayed
        progress = {"sample": i + 1, "name": sample.name, "ran": ran, "replayed": replayed}
        Path(job.progress).write_text(json.dumps(progress), encoding="utf-8")
        if told:
            job.write("sample", name=sample.name, told=told)
        if told and not works(driver):
            faulthandler.cancel_dump_traceback_later()
            os._exit(lost)
    faulthandler.cancel_dump_traceback_later()
    job.write("samples", ran=ran, replayed=replayed, took=time.perf_counter() - start)


def compared(sample, mode):
    """What is wrong with a sample, and whether its later calls were replays."""
    try:
        inputs = [np.array(x) for x in sample.inputs]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*no kernel is known", UserWarning)
            f = function(*sample.graph(), mode=mode, on_unused_input="ignore")
        first, *later = (f(*sample.inputs) for _ in range(3))
        pairs = zip(first, sample.expected(), strict=True)
        told = [sample.difference(x, y) for x, y in pairs]
        told += ["another call gives something else" for x in later if stored(x) != stored(first)]
        if stored(inputs) != stored(sample.inputs):
            told.append("an input was written to")
        program = f.executable
        return [one for one in told if one], len(program.plans) == 1 and not program.is_live
    except Exception as error:  # noqa: BLE001 (told with the sample)
        return [f"{type(error).__name__}: {error}"[:500]], False


def stored(arrays):
    """All that makes arrays what they are."""
    return [(x.dtype, x.shape, x.tobytes()) for x in arrays]


def works(driver):
    """Whether a device still does as it is told; after some errors it never does again."""
    try:
        driver.free(driver.allocate(256))
        driver.synchronize()
    except Exception:  # noqa: BLE001 (whatever it is, the device is lost)
        return False
    return True


def kernel_texts(samples):
    """The texts of the kernels of samples, by their names."""
    recording = RecordingDriver(multiprocessors=2)
    restore = use_device("emulated0", recording)
    mode = Mode(device="emulated", optimizer="None")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for sample in samples:
            try:
                function(*sample.graph(), mode=mode, on_unused_input="ignore")(*sample.inputs)
            except Exception:  # noqa: BLE001 (what fails is told when it is run)
                continue
    restore()
    return recording.texts


def prepared(device, texts):
    """The device, which knows kernels; all processors compile them."""
    items = list(texts.items())
    groups = [dict(items[i : i + TOGETHER]) for i in range(0, len(items), TOGETHER)]
    driver = device_of(Mode(device=device).device)
    if hasattr(driver, "compile_apart"):  # an emulated one
        driver.optimization = "-O0"
        driver.compile_apart(groups)
        return driver
    # The cache has what other processes compile; it is only read here.
    architecture, newest = driver.properties.architecture, CudaLibrary().version()[0]
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(mp_context=context) as pool:
        for group in groups:
            pool.submit(compile_group, group, architecture, newest)
    for group in groups:
        with contextlib.suppress(Exception):  # the sample tells, when it is run
            driver.compile(group)
    return driver


def compile_group(texts, architecture, newest):
    """Leave what kernels become in the cache."""
    source = "\n".join([prelude(), *texts.values()])
    KeptNvrtc(find_nvrtc(newest=newest)).compile(source, architecture)


def differs(make, of):
    """Whether a program that is made and run twice gives other bits the second time."""
    results = []
    for _ in range(2):
        program = make(*of)
        for _ in range(3):
            program.call()
        results.append(stored(program.state()))
    return results[0] != results[1]
