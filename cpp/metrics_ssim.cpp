// SSIM of many pairs: cuts them into strips, and strips into bands where there are too few for the threads; adds the
// sums of blocks in their order, whoever made them.
#include <algorithm>
#include <limits>

#include "parallel.hpp"
#include "ssim_strip.hpp"

namespace fastperturb {
namespace {

// Blocks [first, last) of a tile of a job.
struct SsimTask {
  std::size_t job;
  std::int64_t tile, first, last;
};

struct SsimWork {
  std::vector<SsimPlan> plans;
  std::vector<std::size_t> offsets;  // of a job's first block among all blocks; sums lie values apart
  std::vector<std::size_t> sums_at;
  std::vector<SsimTask> tasks;
  std::vector<double> sums;
  std::vector<std::int64_t> centres;
};

// A band costs 2 radius filtered rows that its neighbour has too: as few as give every thread some of each tile.
std::int64_t bands_of(const SsimPlan& plan, std::size_t jobs, int threads) {
  const std::int64_t tasks = plan.tiles * static_cast<std::int64_t>(jobs);
  if (threads <= 1 || tasks >= 8 * threads) return 1;
  const std::int64_t wanted = (4 * threads + tasks - 1) / tasks, longest = plan.blocks * ssim_block_rows / 48;
  return std::clamp<std::int64_t>(wanted, 1, std::max<std::int64_t>(1, longest));
}

SsimWork plan_work(const std::vector<SsimJob>& jobs, const SsimSettings& settings, int threads) {
  SsimWork work;
  std::size_t blocks = 0, sums = 0;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const SsimPlan plan = plan_of(jobs[j], settings);
    work.plans.push_back(plan);
    work.offsets.push_back(blocks);
    work.sums_at.push_back(sums);
    blocks += static_cast<std::size_t>(plan.tiles * plan.blocks);
    sums += static_cast<std::size_t>(plan.tiles * plan.blocks * plan.values);
    const std::int64_t bands = bands_of(plan, jobs.size(), threads);
    for (std::int64_t tile = 0; tile < plan.tiles; ++tile)
      for (std::int64_t band = 0; band < bands; ++band)
        work.tasks.push_back({j, tile, plan.blocks * band / bands, plan.blocks * (band + 1) / bands});
  }
  work.sums.assign(sums, 0.0);
  work.centres.assign(blocks, 0);
  return work;
}

std::vector<double> means_of(const SsimWork& work, std::size_t job) {
  const SsimPlan& plan = work.plans[job];
  const auto values = static_cast<std::size_t>(plan.values);
  const auto blocks = static_cast<std::size_t>(plan.tiles * plan.blocks);
  std::vector<double> means(values, 0.0);
  std::int64_t centres = 0;
  for (std::size_t block = 0; block < blocks; ++block) {
    centres += work.centres[work.offsets[job] + block];
    for (std::size_t i = 0; i < values; ++i) means[i] += work.sums[work.sums_at[job] + block * values + i];
  }
  for (double& mean : means)
    mean = centres == 0 ? std::numeric_limits<double>::quiet_NaN() : mean / static_cast<double>(centres);
  return means;
}

}  // namespace

std::vector<std::vector<double>> ssim(const std::vector<SsimJob>& jobs, const SsimSettings& settings, int threads) {
  SsimWork work = plan_work(jobs, settings, threads);
  const auto count = static_cast<std::int64_t>(work.tasks.size());
  run_parallel(count, team_size(threads, count), [&](std::int64_t t, int) {
    const SsimTask& task = work.tasks[static_cast<std::size_t>(t)];
    const SsimPlan& plan = work.plans[task.job];
    const auto first_block = static_cast<std::size_t>(task.tile * plan.blocks);
    SsimStrip strip(jobs[task.job], settings, plan, task.tile);
    strip.run(task.first, task.last,
              work.sums.data() + work.sums_at[task.job] + first_block * static_cast<std::size_t>(plan.values),
              work.centres.data() + work.offsets[task.job] + first_block);
  });
  std::vector<std::vector<double>> means;
  for (std::size_t j = 0; j < jobs.size(); ++j) means.push_back(means_of(work, j));
  return means;
}

}  // namespace fastperturb
