#pragma once

#include "libagent/models/citation.hpp"
#include "libagent/openai/json_tape.hpp"

#include <vector>

namespace libagent {

/// Appends the citations of a reply that one of our own nodes wrote; other servers use that name
/// for other things, which are passed over. At most 1,000 are kept.
void read_citations(json_view list, std::vector<citation>& out);

}  // namespace libagent
