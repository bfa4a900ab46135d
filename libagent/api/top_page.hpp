#pragma once

#include "libagent/api/node_status.hpp"
#include "libagent/api/render.hpp"
#include "libagent/base/time.hpp"

#include <cstddef>
#include <string>

namespace libagent {

/// Room for a page. Zero rows: as many as there are lines.
struct terminal_size {
  std::size_t columns = 80;
  std::size_t rows = 0;
};

/// One page of `agent top`: lanes, limits, memory, cache and the slowest tools.
///
/// Rates are those of the time `between` this status and the one `before` it; without one, or when
/// the node was started anew in between, those since its start. No line is longer than the columns
/// and the page is no longer than the rows: a narrow page leaves out columns that matter less, a
/// short one leaves out tools. Text that came from the node is shown without control characters.
[[nodiscard]] std::string render_top(const node_status& now, const node_status* before,
                                     duration between, terminal_size size, text_style style);

}  // namespace libagent
