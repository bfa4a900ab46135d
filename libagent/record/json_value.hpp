#pragma once

#include "libagent/record/json.hpp"

#include <nlohmann/json.hpp>

namespace libagent {

/// `value` as a JSON document, for code that edits JSON. It is the parsed `to_json(value)`, so that
/// there is one mapping only; for text alone `to_json` is cheaper, also to compile.
/// @pre Every `raw_json` in `value` is valid JSON.
template <class T>
[[nodiscard]] nlohmann::json to_json_value(const T& value) {
  auto document = nlohmann::json::parse(to_json(value), nullptr, /*allow_exceptions=*/false);
  LIBAGENT_EXPECTS(!document.is_discarded());
  return document;
}

}  // namespace libagent
