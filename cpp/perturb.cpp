// Cuts the work of permute() into tasks of whole windows and runs them.
#include "perturb.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch.hpp"
#include "parallel.hpp"
#include "permutation.hpp"
#include "windows.hpp"

namespace fastperturb {
namespace {

// Pixels that a task moves, about: enough to be worth a thread's turn, small enough to balance.
constexpr std::uint64_t pixels_a_task = 8192;

struct Task {
  const RegionWalk* walk;
  std::uint32_t first;
  std::uint32_t last;
};

// All that the threads read, made before they start.
struct Plan {
  std::vector<std::vector<Tiling>> tilings;
  std::vector<std::vector<Shares>> shares;
  std::vector<RegionWalk> walks;
  std::vector<Task> tasks;
  std::uint32_t most_owned = 0;
};

void add_tasks(Plan& plan, const RegionWalk* walk, const Shares& shares) {
  std::uint64_t pixels = 0;
  std::uint32_t first = 0;
  const auto count = static_cast<std::uint32_t>(shares.moved.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    pixels += shares.moved[i];
    if (pixels < pixels_a_task && i + 1 < count) continue;
    if (pixels > 0) plan.tasks.push_back({walk, first, i + 1});
    first = i + 1;
    pixels = 0;
  }
}

Plan make_plan(const std::vector<Job>& jobs, bool inverse) {
  Plan plan;
  std::size_t regions = 0;
  for (const Job& job : jobs) {
    plan.tilings.push_back(tile(job.image.height, job.image.width, job.regions));
    plan.shares.emplace_back();
    for (std::size_t r = 0; r < job.regions.size(); ++r) {
      plan.shares.back().push_back(share(plan.tilings.back()[r], job.regions[r].pixels));
      plan.most_owned = std::max(plan.most_owned, plan.shares.back().back().most_owned);
    }
    regions += job.regions.size();
  }
  plan.walks.reserve(regions);
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    for (std::size_t r = 0; r < jobs[j].regions.size(); ++r) {
      plan.walks.emplace_back(jobs[j].image, plan.tilings[j][r], plan.shares[j][r], jobs[j].key,
                              static_cast<std::uint32_t>(r), inverse);
      add_tasks(plan, &plan.walks.back(), plan.shares[j][r]);
    }
  }
  return plan;
}

}  // namespace

std::vector<std::vector<std::uint64_t>> permute(const std::vector<Job>& jobs, bool inverse, int threads) {
  const Plan plan = make_plan(jobs, inverse);
  const auto tasks = static_cast<std::int64_t>(plan.tasks.size());
  const int team = team_size(threads, tasks);
  std::vector<Workspace> workspaces(static_cast<std::size_t>(team), Workspace(kernels(), plan.most_owned));
  run_parallel(tasks, team, [&](std::int64_t i, int worker) {
    const Task& task = plan.tasks[static_cast<std::size_t>(i)];
    task.walk->run(task.first, task.last, workspaces[static_cast<std::size_t>(worker)]);
  });
  std::vector<std::vector<std::uint64_t>> moved;
  for (const std::vector<Shares>& shares : plan.shares) {
    moved.emplace_back();
    for (const Shares& one : shares) moved.back().push_back(one.total_moved);
  }
  return moved;
}

void copy_pixels(const ImageView& from, const ImageView& to) {
  if (from.data == to.data) return;
  const std::size_t row = static_cast<std::size_t>(from.width) * from.pixel_bytes();
  if (from.row_bytes == to.row_bytes && static_cast<std::size_t>(from.row_bytes) == row) {
    std::memcpy(to.data, from.data, row * static_cast<std::size_t>(from.height));
    return;
  }
  for (std::int64_t y = 0; y < from.height; ++y) std::memcpy(to.at(y, 0), from.at(y, 0), row);
}

std::vector<std::uint64_t> owned_pixels(std::int64_t height, std::int64_t width, const std::vector<Region>& regions) {
  std::vector<std::uint64_t> owned;
  for (const Tiling& tiling : tile(height, width, regions))
    owned.push_back(static_cast<std::uint64_t>(tiling.owned(tiling.box)));
  return owned;
}

}  // namespace fastperturb
