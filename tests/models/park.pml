// Park against wake. One call after the other blocks (Caller): by default a receive from channel 0 that
// nothing else can end; with ALARM a deadline, with HOOK an interrupt may end it too; with SELECT it is a
// select over two channels; with THREAD the caller is a plain thread. Meanwhile each Partner sends one value.
//   Caller ... ChannelCore::receive, block, enlist_receiver, withdraw_receiver (chan/channel_core.hpp),
//              Selection::choose, try_all, wait_in_lists (chan/select.hpp), Episode::park, park_contested,
//              park_goroutine, wait_on_word (wait/episode.hpp)
//   the episode ... park_episode.pml       all others ... park_others.pml
// Locks and compare-and-swaps order everything here, so memory is sequentially consistent in this model.
//
// Holds: a goroutine is resumed once for each park, and only when its registers are saved (Resumer); nobody
// touches the frame of a call that has returned (TOUCH); each value is received once or still in the ring,
// and the caller does not sleep beside one (Quiet); nobody waits for ever, and under weak fairness all calls
// return (ENDS).
//
// Mutations, each found to fail in the shape that `check` gives it: UNLOCK_BEFORE_SWITCH, SETTLE_BLIND,
// SETTLE_SILENT, ALWAYS_WAKE, CLAIM_WITHOUT_CAS, WITHDRAW_WITHOUT_LOCK, ALARM_STAYS, HOOK_STAYS,
// FILL_AFTER_UNLOCK, TOUCH_AFTER_WAKE, ENLIST_BLIND, UNLOCK_FROM_FRAME, START_OVER_UNCLAIMED,
// START_OVER_ANYWAY, LEAVE_UNCLAIMED.

#ifndef CALLS
#define CALLS 2
#endif
#ifdef SELECT
#define CHANNELS 2
#else
#define CHANNELS 1
#endif
#if defined(SELECT) || defined(ALARM) || defined(HOOK)
#define CONTESTED
#endif

#include "park_episode.pml"

proctype Caller() {
    byte c, seen;
    bool won, must_wake, again;

next_call:
    if
    :: calls_left == 0 -> goto finished
    :: else -> calls_left--
    fi;
start_over:
    atomic {
        number++; frame = true; result = REGISTERING; word = 0; unlock_ = FREE;
        filled[0] = false; filled[1] = false; c = 0; won = false; again = false
    }

#ifdef SELECT
    do // try_all
    :: c < CHANNELS ->
        lock(locked[c]);
        if
        :: ring[c] > 0 -> ring[c]--; locked[c] = false; goto got
        :: else -> locked[c] = false
        fi;
        c++
    :: else -> break
    od;
    c = 0;
    do // wait_in_lists
    :: c < CHANNELS ->
        lock(locked[c]);
        if
#ifndef ENLIST_BLIND
        :: ring[c] > 0 ->
            locked[c] = false;
#ifdef START_OVER_UNCLAIMED
            again = true;
#else
            claim(BY_INTERRUPT, number, seen, again, must_wake);
#endif
#ifdef START_OVER_ANYWAY
            again = true;
#endif
            if
            :: again -> goto withdraw
            :: else -> break
            fi
#endif
        :: else -> linked[c] = true; locked[c] = false
        fi;
        c++
    :: else -> break
    od;
#else
    lock(locked[0]);
    if
#ifndef ENLIST_BLIND
    :: ring[0] > 0 -> ring[0]--; locked[0] = false; goto got
#endif
    :: else -> linked[0] = true
    fi;
    unlock_ = 0;
#endif

    // Episode::park
#ifdef HOOK
    lock(hook_locked);
    if
    :: fired ->
        hook_locked = false;
        claim(BY_INTERRUPT, number, seen, won, must_wake);
        if
        :: won && unlock_ != FREE -> locked[unlock_] = false; goto ended
        :: won && unlock_ == FREE -> goto ended
        :: else
        fi
    :: else -> attached = true; hook_locked = false
    fi;
#endif

#ifdef THREAD
    if // wait_on_word
    :: unlock_ != FREE -> locked[unlock_] = false
    :: else
    fi;
    do
    :: word == 1 -> break
#ifdef ALARM
    :: word == 0 ->
#ifdef LEAVE_UNCLAIMED
        result = BY_DEADLINE; break
#else
        claim(BY_DEADLINE, number, seen, won, must_wake);
        if
        :: won -> break
        :: else -> word == 1; break
        fi
#endif
#endif
    od;
#else
    // park_goroutine
#ifdef ALARM
    lock(heap_locked);
    armed = true;
    heap_locked = false;
#endif
#ifdef UNLOCK_BEFORE_SWITCH
    locked[unlock_] = false;
    unlock_ = FREE;
#endif
    atomic { suspended = true; settling = true }
    atomic { resumed -> resumed = false }
#ifdef ALARM
#ifndef ALARM_STAYS
    lock(heap_locked);
    armed = false;
    heap_locked = false;
#endif
#endif
#endif

#ifdef HOOK
#ifndef HOOK_STAYS
    lock(hook_locked);
    attached = false;
    hook_locked = false;
#endif
#endif

ended:
#ifdef SELECT
withdraw:
    c = 0;
    do
    :: c < CHANNELS ->
#ifdef WITHDRAW_WITHOUT_LOCK
        linked[c] = false;
#else
        lock(locked[c]);
        linked[c] = false;
        locked[c] = false;
#endif
        c++
    :: else -> break
    od;
    if
    :: again -> frame = false; goto start_over
    :: else
    fi;
#else
    if
    :: result < BY_PARTNER ->
        lock(locked[0]);
        linked[0] = false;
        locked[0] = false
    :: else
    fi;
#endif
    if
    :: result >= BY_PARTNER -> assert(filled[result - BY_PARTNER])
    :: else -> assert(!filled[0] && !filled[1]); frame = false; goto next_call
    fi;
got:
    received++;
    frame = false;
    goto next_call;
finished:
    over = true
}

#include "park_others.pml"

#define IN_RINGS (ring[0] + ring[1])

proctype Quiet() {
    timeout -> assert(over && received + IN_RINGS == 2)
}

#ifdef ENDS
ltl ends { <> (over) }
#endif

init {
    atomic {
        run Caller();
#ifndef THREAD
        run Settler();
        run Resumer();
#ifdef ALARM
        run Alarm();
#endif
#endif
        run Partner(0);
        run Partner(CHANNELS - 1);
#ifdef HOOK
        run Hook();
#endif
        run Quiet()
    }
}
