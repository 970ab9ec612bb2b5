// Turns, the queue, and what fork() does to them.
#include "turnstile.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#ifndef _WIN32
#include <pthread.h>
#endif

namespace fastperturb {
namespace {

using Clock = std::chrono::steady_clock;

// For so long a thread may come back ahead of the queue. With 64 callers that never stop the longest wait is 0.4 s;
// turns of 15 ms make it 0.24 s, and the rate a thirtieth less.
constexpr auto turn_length = std::chrono::milliseconds(25);

// A place is left free for the thread that may come back; when its turn is over it calls the next one as it queues up.
// Should it never come back, the first in the queue finds out by looking, more often the more often it finds a place.
constexpr Clock::duration shortest_look = std::chrono::microseconds(50);
constexpr Clock::duration longest_look = std::chrono::milliseconds(5);

// Longer than a thread holds the interpreter's lock at a stretch, or takes to wake up for it.
constexpr Clock::duration longest_wait = std::chrono::microseconds(200);

// Whoever leaves still holds the lock, and mostly comes back within microseconds.
constexpr Clock::duration way_round = std::chrono::microseconds(10);

struct Waiter {
  std::condition_variable called;
  bool admitted = false;
};

struct Turnstile {
  std::mutex mutex;
  int places = 1;
  int inside = 0;
  std::deque<Waiter*> queue;
  std::atomic<int> in_python{0};  // threads inside that hold the interpreter's lock, or are about to take it
  std::atomic<Clock::rep> back_by{0};
  Clock::duration look = shortest_look;

  void admit_first() {
    Waiter* first = queue.front();
    queue.pop_front();
    first->admitted = true;
    first->called.notify_one();
    if (!queue.empty()) queue.front()->called.notify_one();  // it is the one that looks now
  }
};

// Never freed: a forked child may not touch the mutex of its parent, and takes a new one.
Turnstile* turnstile = new Turnstile;

thread_local int depth = 0;  // how often this thread is inside
thread_local Clock::time_point turn_began;

#ifndef _WIN32
void after_fork_in_child() {
  const int places = turnstile->places;
  turnstile = new Turnstile;
  turnstile->places = places;
  turnstile->inside = depth > 0 ? 1 : 0;
  turnstile->in_python = turnstile->inside;
}
[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, after_fork_in_child);
#endif

}  // namespace

void set_turnstile_places(int places) {
  const std::lock_guard lock(turnstile->mutex);
  turnstile->places = std::max(1, places);
}

bool try_enter_turnstile() {
  if (depth > 0) {
    ++depth;
    return true;
  }
  const auto now = Clock::now();
  const std::lock_guard lock(turnstile->mutex);
  if (turnstile->inside >= turnstile->places) return false;
  if (turnstile->queue.empty())
    turn_began = now;
  else if (now - turn_began >= turn_length)
    return false;
  ++turnstile->inside;
  ++turnstile->in_python;
  depth = 1;
  return true;
}

void wait_for_turn() {
  Turnstile& gate = *turnstile;
  gate.back_by = 0;
  Waiter self;
  std::unique_lock lock(gate.mutex);
  gate.queue.push_back(&self);
  while (!self.admitted) {
    if (gate.inside < gate.places) {
      ++gate.inside;
      gate.look = std::max(gate.look / 2, shortest_look);
      gate.admit_first();
    } else if (gate.queue.front() == &self) {
      if (self.called.wait_for(lock, gate.look) == std::cv_status::timeout)
        gate.look = std::min(gate.look * 2, longest_look);
    } else {
      self.called.wait(lock);
    }
  }
  turn_began = Clock::now();
  depth = 1;
}

void leave_turnstile() {
  if (--depth > 0) return;
  turnstile->back_by = (Clock::now() + way_round).time_since_epoch().count();
  --turnstile->in_python;
  const std::lock_guard lock(turnstile->mutex);
  --turnstile->inside;
}

void before_unlocking_python() {
  if (depth == 0) return;
  turnstile->back_by = 0;
  --turnstile->in_python;
}

void before_locking_python() {
  if (depth == 0) return;
  const Clock::rep start = Clock::now().time_since_epoch().count();
  const Clock::rep end = start + longest_wait.count();
  for (Clock::rep now = start; now < end; now = Clock::now().time_since_epoch().count()) {
    int nobody = 0;
    if (now >= turnstile->back_by && turnstile->in_python.compare_exchange_strong(nobody, 1)) return;
    std::this_thread::yield();
  }
  ++turnstile->in_python;
}

}  // namespace fastperturb
