// Total store order (x86), for the models that include this: each process writes into a first-in-first-out
// buffer of its own, and memory takes the oldest entry of any buffer whenever it likes. A process sees its
// own writes at once. Weaker processors are covered by the acquire and release orders in the code, which cost
// nothing on x86.
//
// Before the include: PROCESSES and CELLS. `p` is the number of the process that acts.
//   SEES(p, c)        what a plain load of cell c returns
//   STORE(p, c, v)    a plain store; PUT is the same inside an atomic sequence that has checked for ROOM
//   FENCED(p)         the buffer of p is empty: what a read-modify-write, and a full fence, wait for
//   heavy_barrier(p)  membarrier: p passes a full fence, then every process does, each at a moment of its own
// With NO_MEMBARRIER both sides of a Dekker pair pass a full fence instead (base/futex.hpp).

#define DEPTH 4
#define AT(p, i) ((p) * DEPTH + (i))

byte memory[CELLS];
byte waiting[PROCESSES];
byte cell_of[PROCESSES * DEPTH];
byte value_of[PROCESSES * DEPTH];

#define NEWEST(p, i, c) (waiting[p] > (i) && cell_of[AT(p, i)] == (c))
#define SEES(p, c) (NEWEST(p, 3, c) -> value_of[AT(p, 3)] : \
                   (NEWEST(p, 2, c) -> value_of[AT(p, 2)] : \
                   (NEWEST(p, 1, c) -> value_of[AT(p, 1)] : \
                   (NEWEST(p, 0, c) -> value_of[AT(p, 0)] : memory[c]))))

#define ROOM(p) (waiting[p] < DEPTH)
#define FENCED(p) (waiting[p] == 0)

inline PUT(p, c, v) {
    cell_of[AT(p, waiting[p])] = c;
    value_of[AT(p, waiting[p])] = v;
    waiting[p]++
}

inline STORE(p, c, v) {
    atomic { ROOM(p) -> PUT(p, c, v) }
}

#ifdef NO_MEMBARRIER
#ifdef NO_FENCE_NOTIFY
#define light_barrier(p) skip
#else
#define light_barrier(p) FENCED(p)
#endif
#define heavy_barrier(p) FENCED(p)
#else
#define light_barrier(p) skip
inline heavy_barrier(p) {
    FENCED(p) -> hand = 0;
    do
    :: hand < PROCESSES && FENCED(hand) -> hand++
    :: hand == PROCESSES -> hand = 0; break
    od
}
#endif

inline drain(p) {
    atomic {
        waiting[p] > 0 ->
        memory[cell_of[AT(p, 0)]] = value_of[AT(p, 0)];
        cell_of[AT(p, 0)] = cell_of[AT(p, 1)]; value_of[AT(p, 0)] = value_of[AT(p, 1)];
        cell_of[AT(p, 1)] = cell_of[AT(p, 2)]; value_of[AT(p, 1)] = value_of[AT(p, 2)];
        cell_of[AT(p, 2)] = cell_of[AT(p, 3)]; value_of[AT(p, 2)] = value_of[AT(p, 3)];
        cell_of[AT(p, 3)] = 0; value_of[AT(p, 3)] = 0;
        waiting[p]--
    }
}
