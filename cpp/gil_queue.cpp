// Turns, the queue, and what fork() does to them.
#include "gil_queue.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>
#ifndef _WIN32
#include <pthread.h>
#endif
#ifdef __linux__
#include <sched.h>
#endif

namespace fastperturb {
namespace {

using Clock = std::chrono::steady_clock;

// For so long a thread may come back ahead of the queue. With 64 callers that never stop the longest wait is 0.25 s.
constexpr auto turn_length = std::chrono::milliseconds(10);

// Longer than a thread holds the interpreter's lock at a stretch, or takes to wake up for it.
constexpr Clock::duration longest_wait = std::chrono::microseconds(200);

// What one look counts for, at most: while this thread was away from its processor, another one had it and got on.
constexpr Clock::duration longest_step = std::chrono::microseconds(5);

// Whoever leaves still holds the lock, and mostly comes back within microseconds.
constexpr Clock::duration way_round = std::chrono::microseconds(10);

// How often a thread looks for a place that nobody comes back to: more often the more often it finds one.
constexpr Clock::duration shortest_look = std::chrono::microseconds(50);
constexpr Clock::duration longest_look = std::chrono::milliseconds(5);

// Among so many of the first in the queue one may be chosen for its processor; the first is passed over so often.
constexpr std::ptrdiff_t chosen_among = 16;
constexpr int most_passed_over = 8;

int this_processor() {
#ifdef __linux__
  return sched_getcpu();
#else
  return -1;
#endif
}

enum class Call { none, look, enter };

// A thread in the queue. It sleeps on a mutex of its own: on that of the queue it would wake up only to sleep again
// until its waker has let go of that.
class Waiter {
 public:
  void call(Call what) {
    {
      const std::lock_guard lock(mutex_);
      if (what_ != Call::enter) what_ = what;
    }
    called_.notify_one();
  }

  Call sleep() {
    std::unique_lock lock(mutex_);
    called_.wait(lock, [&] { return what_ != Call::none; });
    return what_;
  }

  Call sleep_until_entry(Clock::duration at_most) {
    std::unique_lock lock(mutex_);
    called_.wait_for(lock, at_most, [&] { return what_ == Call::enter; });
    return what_;
  }

  const int processor = this_processor();
  int passed_over = 0;

 private:
  std::mutex mutex_;
  std::condition_variable called_;
  Call what_ = Call::none;
};

using Waiting = std::shared_ptr<Waiter>;

struct GilQueue {
  std::mutex mutex;
  int max_inside = 1;
  int inside = 0;
  std::deque<Waiting> queue;
  Waiting looker;  // the one in the queue that looks for itself
  Clock::duration look = shortest_look;
  std::atomic<int> in_python{0};  // threads inside that hold the interpreter's lock, or are about to take it
  std::atomic<Clock::rep> back_by{0};

  // Gives a place to one of the queue. The caller is about to sleep and leave its processor free: one that slept there
  // is best. The kernel wakes a thread where it slept, even if another processor is free and that one is not.
  Waiting admit(int processor) {
    auto chosen = queue.begin();
    if ((*chosen)->passed_over < most_passed_over) {
      const auto end = chosen + std::min(chosen_among, static_cast<std::ptrdiff_t>(queue.size()));
      const auto near = std::find_if(chosen, end, [&](const Waiting& one) { return one->processor == processor; });
      if (near != end) chosen = near;
    }
    if (chosen != queue.begin()) ++queue.front()->passed_over;
    return take(chosen);
  }

  // Lets a thread in that found a place free.
  bool admit_looker(const Waiting& self) {
    if (looker != self || inside >= max_inside) return false;
    take(std::find(queue.begin(), queue.end(), self));
    return true;
  }

  // Has the first in the queue look for itself, if there is a place and nobody looks yet; it is to be called.
  Waiting name_looker() {
    if (queue.empty() || inside >= max_inside || looker) return nullptr;
    return looker = queue.front();
  }

 private:
  Waiting take(std::deque<Waiting>::iterator where) {
    Waiting one = *where;
    queue.erase(where);
    ++inside;
    if (looker == one) looker = nullptr;
    return one;
  }
};

// Never freed: a forked child may not touch the mutex of its parent, and takes a new one.
GilQueue* the_queue = new GilQueue;

thread_local int depth = 0;  // how often this thread is inside
thread_local Clock::time_point turn_began;
thread_local bool came_back = false;  // within its turn

#ifndef _WIN32
void after_fork_in_child() {
  const int max_inside = the_queue->max_inside;
  the_queue = new GilQueue;
  the_queue->max_inside = max_inside;
  the_queue->inside = depth > 0 ? 1 : 0;
  the_queue->in_python = the_queue->inside;
}
[[maybe_unused]] const int registered = pthread_atfork(nullptr, nullptr, after_fork_in_child);
#endif

// Queues up, calls threads into the places that are free, and returns those of them that are others.
std::vector<Waiting> queue_up(GilQueue& gate, const Waiting& self, bool& entered) {
  std::vector<Waiting> others;
  const std::lock_guard lock(gate.mutex);
  others.reserve(static_cast<std::size_t>(gate.max_inside));
  gate.queue.push_back(self);
  while (gate.inside < gate.max_inside && !gate.queue.empty()) {
    Waiting one = gate.admit(self->processor);
    if (one == self)
      entered = true;
    else
      others.push_back(std::move(one));
  }
  return others;
}

void look_for_a_place(GilQueue& gate, const Waiting& self) {
  std::unique_lock lock(gate.mutex);
  while (true) {
    const Clock::duration look = gate.look;
    lock.unlock();
    if (self->sleep_until_entry(look) == Call::enter) return;
    lock.lock();
    if (gate.admit_looker(self)) break;
    gate.look = std::min(gate.look * 2, longest_look);
  }
  gate.look = std::max(gate.look / 2, shortest_look);
  const Waiting next = gate.name_looker();
  lock.unlock();
  if (next) next->call(Call::look);
}

}  // namespace

void set_max_inside(int threads) {
  const std::lock_guard lock(the_queue->mutex);
  the_queue->max_inside = std::max(1, threads);
}

bool try_enter() {
  if (depth > 0) {
    ++depth;
    return true;
  }
  const auto now = Clock::now();
  GilQueue& gate = *the_queue;
  const std::lock_guard lock(gate.mutex);
  if (gate.inside >= gate.max_inside) return false;
  came_back = now - turn_began < turn_length;
  if (gate.queue.empty())
    turn_began = now;
  else if (!came_back)
    return false;
  ++gate.inside;
  ++gate.in_python;
  depth = 1;
  return true;
}

void wait_to_enter() {
  GilQueue& gate = *the_queue;
  gate.back_by = 0;
  const auto self = std::make_shared<Waiter>();
  bool entered = false;
  for (const Waiting& other : queue_up(gate, self, entered)) other->call(Call::enter);
  if (!entered && self->sleep() == Call::look) look_for_a_place(gate, self);
  turn_began = Clock::now();
  came_back = false;
  depth = 1;
}

void leave_queue() {
  if (--depth > 0) return;
  GilQueue& gate = *the_queue;
  gate.back_by = (Clock::now() + way_round).time_since_epoch().count();
  --gate.in_python;
  Waiting looker;
  {
    const std::lock_guard lock(gate.mutex);
    // The place stays free for the thread that may come back, as one that did so before probably will. If it does not,
    // the next that queues up fills the place; if it probably will not, or nobody is left inside, one of the queue
    // looks.
    if (--gate.inside == 0 || !came_back) looker = gate.name_looker();
  }
  if (looker) looker->call(Call::look);
}

void before_unlocking_python() {
  if (depth == 0) return;
  the_queue->back_by = 0;
  --the_queue->in_python;
}

void before_locking_python() {
  if (depth == 0) return;
  Clock::duration waited{0};
  for (auto now = Clock::now(); waited < longest_wait;) {
    int nobody = 0;
    if (now.time_since_epoch().count() >= the_queue->back_by && the_queue->in_python.compare_exchange_strong(nobody, 1))
      return;
    std::this_thread::yield();
    const auto before = std::exchange(now, Clock::now());
    waited += std::min(now - before, longest_step);
  }
  ++the_queue->in_python;
}

}  // namespace fastperturb
