// Giving back pages of a stack that may be resumed at any moment, under store buffers. One stack, made by
// Home, which suspends and resumes it without a fence in between (its own queue), then hands it to Away
// (another worker) or retires it and prepares it anew. Trimmer looks twice.
//   made .............. StackPools::make in Slab::take (fiber/stack_pool.hpp, fiber/slab.hpp)
//   enter_running ..... fiber/fiber.hpp
//   resume, suspend ... switch_fiber, arrive (fiber/switch.hpp)       prepare ... the function of that name
//   retire ............ sched/suspend.hpp
//   Trimmer ........... look, trim_batch, give_pages_back (fiber/trim.hpp)
// Without membarrier nothing is ever given back.
//
// Holds: pages are given back only of a record that is whole, below the context that is saved now, and while
// nobody runs on the stack (`dropping`, `live`); nobody waits for ever.
//
// Mutations, each found to fail: LIGHT_TRIM, NO_SECOND_LOOK, NO_WAIT, LOOK_BEFORE_RUNNING, RUNNING_FIRST,
// FRAMES_FIRST, COUNT_FIRST, TWO_LOADS.

#define PROCESSES 3
#define TRIMMER 2

#define RUNNING 0
#define TRIMMING 1
#define CONTEXT 2
#define BOTTOM 3
#define COUNT 4
#define TOKEN 5
#define CELLS 6

#include "store_buffer.pml"

#define NO_CONTEXT 0

bool live;     // frames are written, or relied on, above the saved context
bool dropping;
byte saved;    // the context as it is, however late the store to it shows

inline enter_running(p) {
#ifdef LOOK_BEFORE_RUNNING
    SEES(p, TRIMMING) == 0;
    STORE(p, RUNNING, 1)
#else
    STORE(p, RUNNING, 1);
    light_barrier(p);
#ifndef NO_WAIT
    SEES(p, TRIMMING) == 0
#endif
#endif
}

inline resume(p) {
    enter_running(p);
    live = true;
    assert(!dropping)
}

// On the far side of the jump, by the thread that ran it.
inline suspend(p, context) {
    atomic { live = false; saved = context }
#ifdef RUNNING_FIRST
    STORE(p, RUNNING, 0);
    STORE(p, CONTEXT, context)
#else
    STORE(p, CONTEXT, context);
    STORE(p, RUNNING, 0)
#endif
}

inline retire(p) {
    saved = NO_CONTEXT;
    STORE(p, CONTEXT, NO_CONTEXT)
}

inline prepare(p) {
#ifdef FRAMES_FIRST
    live = true;
    assert(!dropping);
    enter_running(p);
#else
    enter_running(p);
    live = true;
    assert(!dropping);
#endif
    saved = 3;
    STORE(p, CONTEXT, 3)
}

inline made(p) {
#ifdef COUNT_FIRST
    STORE(p, COUNT, 1);
#endif
    STORE(p, TRIMMING, 0);
    STORE(p, RUNNING, 0);
    STORE(p, BOTTOM, 1);
#ifndef COUNT_FIRST
    STORE(p, COUNT, 1)
#endif
}

proctype Home(byte me) {
    made(me);
    prepare(me);
    resume(me);
    suspend(me, 1);
    resume(me);
    suspend(me, 2);
    if
    :: true -> // another worker's queue
        STORE(me, TOKEN, 1)
    :: true ->
        retire(me);
        prepare(me);
        resume(me);
        suspend(me, 1)
    fi
}

proctype Away(byte me) {
    if
    :: atomic { FENCED(me) && memory[TOKEN] == 1 -> memory[TOKEN] = 0 };
        resume(me);
        suspend(me, 1);
        resume(me);
        suspend(me, 2)
    :: timeout
    fi
}

proctype Trimmer() {
    byte hand, context, first, looks = 2;

    do
    :: looks == 0 -> break
    :: looks > 0 ->
        looks--;
        if // look
        :: SEES(TRIMMER, COUNT) == 1 && SEES(TRIMMER, RUNNING) == 0 ->
            STORE(TRIMMER, TRIMMING, 1);
#ifdef LIGHT_TRIM
            light_barrier(TRIMMER);
#else
            heavy_barrier(TRIMMER);
#endif
            if // trim_batch
#ifdef NO_SECOND_LOOK
            :: true ->
#else
            :: SEES(TRIMMER, RUNNING) == 0 ->
#endif
#ifdef TWO_LOADS
                first = SEES(TRIMMER, CONTEXT);
                context = SEES(TRIMMER, CONTEXT);
                assert(first == NO_CONTEXT || context != NO_CONTEXT);
#else
                context = SEES(TRIMMER, CONTEXT);
#endif
                atomic {
                    dropping = true;
                    assert(SEES(TRIMMER, BOTTOM) == 1);
                    assert(!live && (saved == NO_CONTEXT || context == saved))
                }
                dropping = false;
                context = 0; first = 0
            :: else
            fi;
            STORE(TRIMMER, TRIMMING, 0)
        :: else
        fi
    od
}

proctype Memory() {
end_drained:
    do
    :: drain(0)
    :: drain(1)
    :: drain(2)
    od
}

init {
    atomic {
        run Home(0);
        run Away(1);
        run Trimmer();
        run Memory()
    }
}
