#pragma once

#include <string>
#include <vector>

namespace libagent {

/// Variables that any program may see: PATH, language, time zone and where certificates are. None
/// that usually hold a secret. A name that ends with `*` means all that begin so.
[[nodiscard]] const std::vector<std::string>& usual_variables();

/// Of the entries NAME=VALUE those that `usual_variables` or `names` name.
[[nodiscard]] std::vector<std::string> allowed_environment(const std::vector<std::string>& entries,
                                                           const std::vector<std::string>& names);

}  // namespace libagent
