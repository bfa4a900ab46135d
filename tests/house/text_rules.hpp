#pragma once

#include "tests/house/source_file.hpp"

#include <vector>

namespace libagent::testing {

/// Finds notes to oneself and paths that exist on one machine only.
[[nodiscard]] std::vector<violation> check_text(const source_file& file);

}  // namespace libagent::testing
