#pragma once

#include "libagent/base/expected.hpp"

#include <string>
#include <string_view>

namespace libagent {

/// Whether a model's arguments are a JSON object. Errors: `invalid_argument`, saying where not.
[[nodiscard]] expected<void> check_json_object(std::string_view text);

/// `{}` for what is no JSON object: servers refuse a whole conversation for one such call in it
/// (llama.cpp answers 500 from then on).
[[nodiscard]] std::string sound_arguments(std::string arguments);

}  // namespace libagent
