// Threads that move the pixels of image after image while the caller, who alone needs the GIL, prepares the next ones.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "perturb.hpp"

namespace fastperturb {

class Movers {
 public:
  // `helpers` threads besides the caller's, 0 or more, and fewer if the system gives no more. Each does whole images;
  // without a helper the caller's images are shared among `threads`.
  Movers(int helpers, int threads);
  Movers(const Movers&) = delete;
  Movers& operator=(const Movers&) = delete;
  ~Movers();  // does all that was begun; in a forked child, which has no helpers, nothing

  // Begins with jobs; throws as Moves() does, and then nothing moves.
  void begin(std::vector<Job> jobs, bool inverse);

  // Helps with the oldest jobs that were begun, waits for the rest of them, and says for each job and region how many
  // pixels moved. Something must have been begun.
  std::vector<std::vector<std::uint64_t>> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fastperturb
