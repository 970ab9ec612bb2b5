// Lets only a few threads at a time into short calls from Python; the others sleep in a queue, without the GIL.
//
// A call of 60 µs drops the GIL on its way, and each time one of the waiting threads takes it. With dozens of threads
// the processors then do little but wake threads. Behind this queue few threads go on at full speed, each for
// a turn of some calls, so that threads are woken once a turn and not once a step.
#pragma once

namespace fastperturb {

// How many threads may be inside; 1 or more. It holds from the next entry on.
void set_max_inside(int threads);

// Goes in, if that is possible without waiting; else the caller must wait_to_enter(). A thread that is inside already
// may go in again; it leaves as often as it went in.
bool try_enter();

// Sleeps until it is this thread's turn, and goes in. The order is about that of coming; nobody waits for ever.
void wait_to_enter();

void leave_queue();

// The threads inside keep out of each other's way at the interpreter's lock too. Whoever finds it taken sleeps, and by
// the time that it is awake again the other has done its native part and taken the lock anew: one of them goes on, the
// others stay out for milliseconds. So a thread that wants the lock back first waits, awake, until nobody else inside
// holds it or is about to take it. These do nothing outside of the queue.
void before_unlocking_python();
void before_locking_python();  // waits for at most 200 µs of this thread's own time

}  // namespace fastperturb
