R"gofer(# A gdb extension for programs that use gofer, live or as a core file:"
#
#     info goroutines        every goroutine: id, state, what it waits for, name, place of its start
#     goroutine ID bt        the stack trace of one; instead of bt any command that looks at a frame (info locals, say),
#                            instead of the id a name without spaces
#     goroutine all bt       of all of them
#
# Every program carries this file (gofer/debug/gdb.hpp); gdb loads it by itself from where `set auto-load safe-path`
# allows it. Otherwise `source` it. The program must have debug information (-g) at least where it includes gofer.hpp.
# The file is Python and, at the same time, a C++ string: its first line and its last one are both.
import re

import gdb
from gdb.unwinder import Unwinder

NAMESPACE = "gofer::v1::"
POOLS = "_ZZN5gofer2v14task11stack_poolsEvE5pools"
WORDS = {
    "receive": "receive on channel", "send": "send on channel", "nil_receive": "receive on nil channel",
    "nil_send": "send on nil channel", "empty_select": "select (no cases)", "wait_group": "WaitGroup", "mutex": "Mutex",
    "read_lock": "RWMutex, to read", "write_lock": "RWMutex, to write", "cond": "Cond", "once": "Once",
    "semaphore": "Semaphore", "barrier": "Barrier", "future": "Future", "err_group": "ErrGroup (its limit)",
    "inner_run": "run of an inner runtime", "blocking": "its blocking code",
    "shut_down": "its runtime, which was shut down",
}
COLOURS, COLOUR_STEP = 8, 192


def word(value):
    """The name of an enumerator."""
    return str(value).rsplit("::", 1)[-1]


def loaded(atomic):
    """What a std::atomic holds: its first field, however deep the library puts it."""
    while atomic.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        atomic = atomic[next(f for f in atomic.type.strip_typedefs().fields() if hasattr(f, "bitpos"))]
    return atomic


def place(where, line):
    """File and line, or for a return address in code of a library that was inlined, the function around it."""
    if line:
        return "%s:%d" % (where.cast(gdb.lookup_type("char").const().pointer()).string(), line)
    address = int(where) - 1
    found = gdb.find_pc_line(address) if address > 0 else None
    if found is None or found.symtab is None:
        return hex(address + 1)
    block = gdb.block_for_pc(address)
    while block and not block.is_static:
        function = block.function
        if function and "/include/" not in "/" + function.symtab.filename:
            return "%s:%d, in %s" % (function.symtab.filename, function.line, function.name)
        block = block.superblock
    return "%s:%d" % (found.symtab.filename, found.line)


class Goroutine:
    def __init__(self, record):
        self.record = record
        self.id = int(record["id"])
        self.state = word(loaded(record["state"]))

    def name(self):
        extras = self.record["extras"]
        if int(extras) == 0:
            return ""
        name = extras["name"]
        try:
            return name["_M_dataplus"]["_M_p"].string(length=int(name["_M_string_length"]))
        except gdb.error:
            return name.format_string().strip('"')

    def thread(self):
        """Of a running one: the gdb thread that it runs on."""
        worker = self.record["worker"]
        if self.state != "running" or int(worker) == 0:
            return None
        tid = int(loaded(worker.cast(gdb.lookup_type(NAMESPACE + "sched::Worker").pointer())["tid"]))
        return next((t for t in gdb.selected_inferior().threads() if t.ptid[1] == tid), None)

    def doing(self):
        if self.state == "parked":
            reason = word(loaded(self.record["reason"]))
            return WORDS.get(reason, reason.replace("_", " "))
        thread = self.thread()
        return "running on thread %d" % thread.num if thread else self.state

    def line(self):
        name = self.name()
        return "%6d  %-28s %-18s started at %s" % (
            self.id, self.doing(), '"%s"' % name if name else "", place(self.record["where"], int(self.record["line"])))


def page_size():
    found = re.search(r"AT_PAGESZ .*?(\d+)$", gdb.execute("info auxv", to_string=True), re.MULTILINE)
    return int(found.group(1)) if found else 4096


def records_of(slab, record_type, guard):
    """The records of the stacks of one size (fiber/slab.hpp)."""
    count = int(loaded(slab["count_"]))
    stride, usable, kept = int(slab["stride_"]), int(slab["usable_"]), int(slab["record_"])
    chunks = slab["chunks_"]
    for c in range(chunks.type.range()[1] + 1 if count else 0):
        base, first, stacks = int(chunks[c]["base"]), int(chunks[c]["first"]), int(chunks[c]["stacks"])
        for index in range(first, min(first + stacks, count)):
            top = base + (index - first) * stride + guard + usable
            for below in (kept + index % COLOURS * COLOUR_STEP, guard): # the second in builds with TSan
                record = gdb.Value(top - below).cast(record_type.pointer()).dereference()
                if int(record["top"]) == top:
                    yield record
                    break


def find_pools():
    """What the reference in task::stack_pools() refers to; it is null until something was started."""
    try:
        return gdb.parse_and_eval(POOLS).referenced_value()
    except gdb.error:
        pass # as long as gdb has not read the debug information around it, it is a symbol without a type
    try:
        address = gdb.parse_and_eval("*(void**)&" + POOLS)
    except gdb.error:
        raise gdb.GdbError("gofer: this program starts no goroutines, or is not loaded yet")
    pools = gdb.lookup_type("%sfiber::StackPools<%stask::Goroutine>" % (NAMESPACE, NAMESPACE))
    return address.cast(pools.pointer()).dereference()


def goroutines():
    """All that have started and not ended, by id."""
    try:
        record_type = gdb.lookup_type(NAMESPACE + "task::Goroutine")
    except gdb.error:
        raise gdb.GdbError("gofer: no debug information for goroutines in this program; build it with -g")
    pools = find_pools()
    if pools.address is None or int(pools.address) == 0:
        return []
    pools = pools["pools_"]
    found = []
    guard = page_size()
    for size in range(pools.type.range()[1] + 1):
        for record in records_of(pools[size]["slab"], record_type, guard):
            if word(loaded(record["state"])) != "vacant":
                found.append(Goroutine(record))
    return sorted(found, key=lambda g: g.id)


def word_at(address):
    return int(gdb.Value(address).cast(gdb.lookup_type("unsigned long").pointer()).dereference())


def registers_x86_64(context):
    """What jump() has put away (fiber/jump.hpp)."""
    names = ("rbx", "rbp", "rip")
    saved = {name: word_at(context + 8 * (1 + i)) for i, name in enumerate(names)}
    saved["rsp"] = context + 8 * (1 + len(names))
    return saved


def registers_aarch64(context):
    saved = {"x%d" % (19 + i): word_at(context + 0x40 + 8 * i) for i in range(10)}
    saved["x29"] = word_at(context + 0x90)
    saved["x30"] = word_at(context + 0x98)
    saved["pc"] = word_at(context + 0xa0)
    saved["sp"] = context + 0xb0
    return saved


class FrameId:
    def __init__(self, sp, pc):
        self.sp = gdb.Value(sp)
        self.pc = gdb.Value(pc)


class SuspendedUnwinder(Unwinder):
    """While a suspended goroutine is looked at, the newest frame of the selected thread is said to have been called by it.
    Registers need not be written, so it works on core files as well."""

    def __init__(self):
        super().__init__("gofer goroutine")
        self.registers = None
        self.newest = True

    def __call__(self, pending_frame):
        if self.registers is None or not self.newest:
            return None
        self.newest = False
        stack, code = ("rsp", "rip") if "rsp" in self.registers else ("sp", "pc")
        info = pending_frame.create_unwind_info(FrameId(self.registers[stack] - 16, self.registers[code]))
        number = gdb.lookup_type("unsigned long")
        for name, value in self.registers.items():
            info.add_saved_register(name, gdb.Value(value).cast(number))
        return info


UNWINDER = SuspendedUnwinder()
gdb.unwinder.register_unwinder(None, UNWINDER, replace=True)


def run_suspended(goroutine, command):
    context = int(loaded(goroutine.record["context"]))
    arm = gdb.selected_frame().architecture().name().startswith("aarch64")
    UNWINDER.registers = registers_aarch64(context) if arm else registers_x86_64(context)
    UNWINDER.newest = True
    gdb.invalidate_cached_frames()
    try:
        newest, passed = gdb.newest_frame(), 1
        while newest.type() == gdb.INLINE_FRAME: # part of the same frame on the stack
            newest, passed = newest.older(), passed + 1
        caller = newest.older()
        if caller is None:
            raise gdb.GdbError("gofer: the stack of goroutine %d cannot be read" % goroutine.id)
        trace = re.match(r"(?:bt|backtrace|where)\b *(\d*)(.*)", command)
        if trace:
            most = str(int(trace.group(1)) + passed) if trace.group(1) else ""
            text = gdb.execute("backtrace %s %s" % (most, trace.group(2)), to_string=True)
            lines = text[re.search(r"^#%d " % passed, text, re.M).start():]
            gdb.write(re.sub(r"^#(\d+) ", lambda m: ("#%-2d" % (int(m.group(1)) - passed)).ljust(len(m.group(0))), lines,
                             flags=re.M))
        else:
            caller.select()
            gdb.execute(command)
    finally:
        UNWINDER.registers = None
        gdb.invalidate_cached_frames()


def run_in(goroutine, command):
    before = gdb.selected_thread()
    thread = goroutine.thread()
    try:
        if thread:
            thread.switch()
            gdb.execute(command)
        elif goroutine.state == "running":
            gdb.write("it is between two threads\n")
        else:
            run_suspended(goroutine, command)
    finally:
        before.switch()


class InfoGoroutines(gdb.Command):
    """info goroutines: id, state, name and place of every goroutine of a program that uses gofer."""

    def __init__(self):
        super().__init__("info goroutines", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for goroutine in goroutines():
            gdb.write(goroutine.line() + "\n")


class GoroutineCommand(gdb.Command):
    """goroutine ID|NAME COMMAND, goroutine all COMMAND: runs a command that looks at frames, such as bt, in a goroutine."""

    def __init__(self):
        super().__init__("goroutine", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = argument.split(None, 1)
        if len(words) != 2:
            raise gdb.GdbError("usage: goroutine ID|NAME|all COMMAND, for example: goroutine 7 bt")
        every = words[0] == "all"
        chosen = [g for g in goroutines() if every or words[0] in (str(g.id), g.name())]
        if not chosen and not every:
            raise gdb.GdbError("gofer: there is no goroutine %s that has started and not ended" % words[0])
        for goroutine in chosen:
            if every:
                gdb.write("\n" + goroutine.line().strip() + "\n")
            run_in(goroutine, words[1])


InfoGoroutines()
GoroutineCommand()
# )gofer"
