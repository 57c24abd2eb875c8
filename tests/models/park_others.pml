// Who acts on the call of park.pml while it blocks:
//   Settler ... Episode::settle, settle_contested: the next goroutine on the thread that was left
//   Resumer ... whichever worker finds the goroutine in a queue
//   Partner ... send_now, hand_over, put_in_ring (chan/exchange.hpp), claim_first (wait/waiter.hpp)
//   Alarm ..... TimerHeap::fire_due (sched/timer_heap.hpp), Episode's Alarm::ring
//   Hook ...... an Interrupt that fires (wait/until.hpp), end_early

#ifndef THREAD
proctype Settler() {
    byte unlock;

end_settled:
    do
    :: settling ->
        settling = false;
#ifdef CONTESTED
        TOUCH(number);
        unlock = unlock_;
        atomic {
            TOUCH(number);
            if
#ifdef SETTLE_BLIND
            :: true -> result = PARKED
#else
            :: result == REGISTERING -> result = PARKED
            :: else ->
#ifndef SETTLE_SILENT
                make_runnable()
#endif
#endif
            fi
        }
#ifdef UNLOCK_FROM_FRAME
        TOUCH(number);
        unlock = unlock_;
#endif
#else
        TOUCH(number);
        unlock = unlock_;
#endif
        if
        :: unlock != FREE -> locked[unlock] = false; unlock = 0
        :: else -> unlock = 0
        fi
    od
}

proctype Resumer() {
end_idle:
    do
    :: atomic { runnable > 0 -> runnable--; assert(suspended && !resumed); suspended = false; resumed = true }
    od
}
#endif

proctype Partner(byte c) {
    byte n, seen;
    bool won, must_wake;

    lock(locked[c]);
    if
    :: linked[c] ->
        n = number;
        linked[c] = false;
        claim(BY_PARTNER + c, n, seen, won, must_wake)
    :: else
    fi;
    if
    :: won ->
#ifdef FILL_AFTER_UNLOCK
        locked[c] = false;
        TOUCH(n);
        filled[c] = true;
#else
        TOUCH(n);
        filled[c] = true;
        locked[c] = false;
#endif
        wake(n, must_wake)
    :: else ->
        ring[c]++;
        locked[c] = false
    fi
}

#ifdef ALARM
#ifndef THREAD
proctype Alarm() {
    byte n, seen;
    bool won, must_wake;

end_unarmed:
    armed ->
    lock(heap_locked);
    if
    :: armed ->
        armed = false;
        n = number;
        claim(BY_DEADLINE, n, seen, won, must_wake);
        TOUCH(n)
    :: else
    fi;
    heap_locked = false;
    if
    :: won && must_wake -> make_runnable()
    :: else
    fi;
    if
    :: over
    :: armed -> won = false; must_wake = false; goto end_unarmed
    fi
}
#endif
#endif

#ifdef HOOK
proctype Hook() {
    byte n, seen;
    bool won, must_wake;

    lock(hook_locked);
    fired = true;
    if
    :: attached ->
        n = number;
        claim(BY_INTERRUPT, n, seen, won, must_wake)
    :: else
    fi;
    hook_locked = false;
    if
    :: won -> wake(n, must_wake)
    :: else
    fi
}
#endif
