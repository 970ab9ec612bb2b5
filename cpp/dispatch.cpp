// Chooses among the builds of kernels.cpp. The list below is the only place that names them.
#include "dispatch.hpp"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

namespace fastperturb {

extern const Kernels kernels_baseline;
#ifdef FASTPERTURB_X86_64
extern const Kernels kernels_x86_64_v3;
extern const Kernels kernels_x86_64_v4;
#endif

namespace {

struct Build {
  const Kernels* table;
  bool (*runs_here)();
};

#ifdef FASTPERTURB_X86_64
// The features of the psABI levels that compilers use for them; the system's support of wide registers is included.
bool has_v3() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt");
}
bool has_v4() {
  return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif
bool always() { return true; }

const Build builds[] = {
#ifdef FASTPERTURB_X86_64
    {&kernels_x86_64_v4, has_v4},
    {&kernels_x86_64_v3, has_v3},
#endif
    {&kernels_baseline, always},
};

const Kernels& find(const std::string& name, const std::string& where = "") {
  std::string known;
  for (const Build& build : builds) {
    if (!build.runs_here()) continue;
    if (name == build.table->name) return *build.table;
    known += (known.empty() ? "" : ", ") + std::string(build.table->name);
  }
  throw std::invalid_argument(where + "instruction set must be one of " + known + " on this processor, got '" + name +
                              "'");
}

const Kernels& choose() {
  const char* forced = std::getenv("FASTPERTURB_ISA");
  if (forced != nullptr && *forced != '\0') return find(forced, "FASTPERTURB_ISA: ");
  for (const Build& build : builds)
    if (build.runs_here()) return *build.table;
  return kernels_baseline;
}

std::atomic<const Kernels*> in_use{nullptr};

}  // namespace

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Build& build : builds)
    if (build.runs_here()) names.emplace_back(build.table->name);
  return names;
}

const Kernels& kernels() {
  const Kernels* table = in_use.load(std::memory_order_relaxed);
  if (table == nullptr) {
    table = &choose();
    in_use.store(table, std::memory_order_relaxed);
  }
  return *table;
}

void use_isa(const std::string& name) { in_use.store(&find(name), std::memory_order_relaxed); }

}  // namespace fastperturb
