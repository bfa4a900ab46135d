#pragma once

#include "libagent/record/json.hpp"

#include <string>
#include <vector>

namespace libagent {

/// A list in the shape of OpenAI's: `{"object":"list","data":[...]}`.
template <class Record>
[[nodiscard]] std::string listing_json(const std::vector<Record>& entries) {
  return R"({"object":"list","data":)" + to_json(entries) + "}";
}

}  // namespace libagent
