"""Files from outside are opened behind a wall: in processes of their own, each with hard limits on memory and time.

Whatever ends such a process becomes one sentence that names the file, and the other files go on. The limits grow with
the file (`budget`): a workbook of 2 kB that wants a gigabyte is stopped long before it has it. The system holds memory
and processor time (``setrlimit``; a job object on Windows), the process that asks holds the wall clock. macOS does not
hold the memory limit; there the scan in front (`inputs.guard`) and the clock are what protects.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from zjanalysis.errors import InputError
from zjanalysis.settings import Guard

T = TypeVar("T")
AT_ONCE = 4  # files read at the same time, at most: each may take its whole budget
OUT_OF_MEMORY = 86  # how a reader ends that Python could tell in time
_LENGTH = struct.Struct("<Q")
_START = "from zjanalysis.inputs.wall import serve; serve()"
_RESAVE = "请用 Excel/WPS 打开检查，删去多余内容后另存为 .xlsx；确有这么多内容的，请拆成几个文件。"


@dataclass(frozen=True)
class Budget:
    """What the reading of one file may take: bytes on top of what a reader has anyway, seconds."""

    memory: int
    processor: float
    clock: float


@dataclass(frozen=True)
class Reader:
    """A process that reads one file after the other; ``log`` holds what it says when it fails, ``job`` is Windows'."""

    process: subprocess.Popen[bytes]
    log: IO[bytes]
    job: int


@dataclass(frozen=True)
class Pool:
    """All readers, and those of them that are free."""

    readers: list[Reader]
    free: queue.SimpleQueue[Reader]


_STAYING: list[Pool] = []  # readers that stay for the next call, inside `readers_stay`


def budget(path: Path, guard: Guard, times: float = 1) -> Budget:
    """Return what the reading of a file may take, from its size, packed and unpacked; ``times`` as much as usual."""
    packed = unpacked = path.stat().st_size if path.is_file() else 0
    with suppress(zipfile.BadZipFile, OSError, ValueError, NotImplementedError), zipfile.ZipFile(path) as archive:
        unpacked = min(sum(part.file_size for part in archive.infolist()), int(guard.max_unpacked_mb * 1e6))
    memory = min(400e6 + times * (40 * packed + 8 * unpacked), guard.max_memory_mb * 1e6)
    processor = min(10 + times * (packed / 200e3 + unpacked / 2e6), guard.max_seconds)
    return Budget(int(memory), processor, min(30 + 4 * processor, guard.max_seconds))


def read_apart(function: Callable[..., T], name: str, *arguments: Any, guard: Guard, times: float = 1) -> T:
    """Call a function for one file as `behind_wall` does; raises the InputError."""
    result = behind_wall(function, {name: arguments}, guard=guard, times=times)[name]
    if isinstance(result, InputError):
        raise result
    return result


def behind_wall(
    function: Callable[..., T], calls: Mapping[str, tuple[Any, ...]], *, guard: Guard, times: float = 1
) -> dict[str, T | InputError]:
    """Call a function for every file in a process of its own and return name → result, or the error for the user.

    ``calls``: name → arguments, the first of which is the path. The function is one that can be imported; ``times``
    says how much of the usual budget it takes.
    """
    n = min(len(calls), os.cpu_count() or 1, AT_ONCE)
    with _pool(n) as pool, ThreadPoolExecutor(max(n, 1)) as threads:
        try:
            futures = {name: threads.submit(_called, pool, name, function, args, budget(Path(args[0]), guard, times))
                       for name, args in calls.items()}  # fmt: skip
            return {name: cast("T | InputError", future.result()) for name, future in futures.items()}
        except BaseException:  # Ctrl-C, or a fault of ours: nobody waits for what is still being read
            threads.shutdown(wait=False, cancel_futures=True)
            for reader in pool.readers:
                reader.process.kill()
                reader.process.wait()
            raise


@contextmanager
def _pool(n: int) -> Iterator[Pool]:
    """Return a pool with ``n`` free readers: the one that stays, else a new one that ends with the call."""
    pool = _STAYING[-1] if _STAYING else Pool([], queue.SimpleQueue())
    for reader in [pool.free.get() for _ in range(pool.free.qsize())]:
        if reader.process.poll() is None:  # else it ended between two calls
            pool.free.put(reader)
    for _ in range(n - pool.free.qsize()):
        _start(pool)
    try:
        yield pool
    finally:
        if not _STAYING:
            _end(pool)


@contextmanager
def readers_stay() -> Iterator[None]:
    """Keep readers for the calls in here: starting one takes a quarter of a second."""
    outermost = not _STAYING
    if outermost:
        _STAYING.append(Pool([], queue.SimpleQueue()))
    try:
        yield
    finally:
        if outermost:
            _end(_STAYING.pop())


def _start(pool: Pool) -> None:
    log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the reader
    paths = os.pathsep.join(path for path in sys.path if path)
    quiet = {"PYTHONPATH": paths, "PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        env={**os.environ, **quiet},
    )  # fmt: skip
    reader = Reader(process, log, _windows_job(process.pid))
    pool.readers.append(reader)
    pool.free.put(reader)


def _end(pool: Pool) -> None:
    for reader in pool.readers:
        reader.process.kill()
        reader.process.communicate()
        reader.log.close()
    pool.readers.clear()


def _called(pool: Pool, name: str, function: Callable[..., Any], arguments: tuple[Any, ...], allowed: Budget) -> Any:
    """Return one call to the next free reader; one that died is replaced, and its end becomes an InputError."""
    reader = pool.free.get()
    late = threading.Event()
    answer = _answer(reader, pickle.dumps((function, arguments, allowed)), allowed, late)
    if answer is not None:
        pool.free.put(reader)
        return pickle.loads(answer)
    code = reader.process.wait()
    _start(pool)
    if late.is_set() or code == -getattr(signal, "SIGXCPU", 0):
        seconds = allowed.clock if late.is_set() else allowed.processor
        return InputError(f"“{name}”读取超过 {seconds:.0f} 秒没有完成，已停止，没有读取。", _RESAVE)
    if code == 1:
        reader.log.seek(0)
        raise RuntimeError(f"reading {name} failed:\n{reader.log.read().decode('utf-8', 'replace')}")
    return InputError(f"“{name}”要占用的内存超过 {allowed.memory / 1e6:.0f} MB，已停止，没有读取。", _RESAVE)


def _answer(reader: Reader, call: bytes, allowed: Budget, late: threading.Event) -> bytes | None:
    """Return what a reader answers in time; None when it ended instead (``late``: by the clock)."""

    def stop() -> None:
        late.set()
        reader.process.kill()

    _hold_on_windows(reader.job, allowed.memory)
    asked, answers = cast("IO[bytes]", reader.process.stdin), cast("IO[bytes]", reader.process.stdout)
    clock = threading.Timer(allowed.clock, stop)
    clock.start()
    try:
        asked.write(_LENGTH.pack(len(call)) + call)
        asked.flush()
        head = answers.read(_LENGTH.size)
        length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else -1
        answer = answers.read(max(length, 0))
        return answer if len(answer) == length else None
    except OSError:  # the reader is gone
        return None
    finally:
        clock.cancel()


def _windows_job(pid: int) -> int:
    """On Windows put a process into a job of its own, which ends with this process; return its handle."""
    if sys.platform != "win32":
        return 0
    kernel = ctypes.WinDLL("kernel32")
    kernel.CreateJobObjectW.restype = kernel.OpenProcess.restype = ctypes.c_void_p
    job = kernel.CreateJobObjectW(None, None)
    process = kernel.OpenProcess(0x0101, False, pid)  # PROCESS_SET_QUOTA, PROCESS_TERMINATE
    kernel.AssignProcessToJobObject(ctypes.c_void_p(job), ctypes.c_void_p(process))
    kernel.CloseHandle(ctypes.c_void_p(process))
    return job or 0


def _hold_on_windows(job: int, memory: int) -> None:
    """Limit the memory of a job: JOBOBJECT_EXTENDED_LIMIT_INFORMATION, 144 bytes on 64-bit Windows."""
    if sys.platform != "win32":
        return
    facts = bytearray(144)
    struct.pack_into("<I", facts, 16, 0x100 | 0x2000)  # LIMIT_PROCESS_MEMORY, LIMIT_KILL_ON_JOB_CLOSE
    struct.pack_into("<Q", facts, 112, memory + (400 << 20))  # with what a reader has anyway
    kernel = ctypes.WinDLL("kernel32")
    kernel.SetInformationJobObject(ctypes.c_void_p(job), 9, ctypes.c_char_p(bytes(facts)), len(facts))


# --- behind the wall ---


def serve() -> None:
    """The life of a reader: one call after the other, until whoever asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asks
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    answers, calls = os.fdopen(os.dup(1), "wb"), sys.stdin.buffer
    os.dup2(2, 1)  # what a library prints is no answer
    while head := calls.read(_LENGTH.size):
        function, arguments, allowed = pickle.loads(calls.read(_LENGTH.unpack(head)[0]))
        try:
            with _limited(allowed):
                try:
                    result = function(*arguments)
                except InputError as error:
                    result = error
                answer = pickle.dumps(result, protocol=5)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        answers.write(_LENGTH.pack(len(answer)))
        answers.write(answer)
        answers.flush()


def _follow(parent: int) -> None:
    """End with whoever asks; on Windows its job does that."""
    while sys.platform == "win32" or os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


@contextmanager
def _limited(allowed: Budget) -> Iterator[None]:
    """Hold this process to its budget where the system can; more memory ends in MemoryError or the process's end."""
    if sys.platform == "win32":
        yield
        return
    import resource  # noqa: PLC0415 - there is none on Windows

    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + allowed.processor) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_REAL, allowed.clock + 5)  # when whoever asks is gone and no thread of ours runs
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))
    most = resource.getrlimit(resource.RLIMIT_AS)
    with suppress(ValueError, OSError):  # macOS refuses
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + allowed.memory, most[1]))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, most)
        resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))


def _address_space() -> int:
    """Return the bytes of address space this process has (Linux; elsewhere a usual size)."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * mmap.PAGESIZE
    except OSError:
        return 1 << 30
