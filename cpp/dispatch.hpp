// Which builds of the hot loops this processor can run, and which is in use.
#pragma once

#include <string>
#include <vector>

#include "kernels.hpp"

namespace fastperturb {

// Names of the builds that this processor can run, best first; "baseline" is always the last.
std::vector<std::string> available_isas();

// The build in use. On first use it is the one that FASTPERTURB_ISA names, or else the best available; a wrong name
// throws std::invalid_argument that lists the right ones.
const Kernels& kernels();

// Uses the named build from now on, in every thread. The same error for a wrong name.
void use_isa(const std::string& name);

}  // namespace fastperturb
