// A loop over independent tasks, with OpenMP where the compiler has it. Only worker_queue.cpp starts threads besides.
#pragma once

#include <cstdint>

namespace fastperturb {

// How many threads to use for `tasks` tasks when `threads` are asked for: never more than tasks, at least 1; and 1 in a
// process forked from one whose threads were used, where OpenMP run-times wait for ever for threads that fork() did
// not copy.
int team_size(int threads, std::int64_t tasks);

// Calls run(task, worker) for every task in [0, tasks), worker in [0, team), in no fixed order. run must not throw, and
// two tasks must not write the same memory.
template <typename Run>
void run_parallel(std::int64_t tasks, int team, const Run& run);

}  // namespace fastperturb

#ifdef _OPENMP
#include <omp.h>
#endif

template <typename Run>
void fastperturb::run_parallel(std::int64_t tasks, int team, const Run& run) {
#ifdef _OPENMP
  if (team > 1) {
#pragma omp parallel for schedule(dynamic) num_threads(team)
    for (std::int64_t task = 0; task < tasks; ++task) run(task, omp_get_thread_num());
    return;
  }
#endif
  (void)team;
  for (std::int64_t task = 0; task < tasks; ++task) run(task, 0);
}
