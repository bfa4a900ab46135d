#pragma once

#include "libagent/base/expected.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// The part of a tool's JSON Schema that is checked before its program runs: that the arguments are
/// an object, `required`, and the `type` of each of `properties`. Programs check the rest.
class external_input {
public:
  /// Errors: `invalid_argument` for what is no JSON object.
  [[nodiscard]] static expected<external_input> make(std::string_view schema);

  /// Errors: `invalid_argument` with the path; `too_large`.
  [[nodiscard]] expected<void> check(const std::string& arguments_json) const;

private:
  std::vector<std::string> required_;
  std::map<std::string, std::string> types_;
};

}  // namespace libagent
