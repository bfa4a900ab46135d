#include "libagent/openai/json_tape.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/openai/json_scanner.hpp"

#include <limits>

namespace libagent {

expected<void> json_tape::read(std::string_view text) {
  LIBAGENT_EXPECTS(limits_.bytes_max < std::numeric_limits<std::uint32_t>::max());
  nodes_.clear();
  open_.clear();
  if (text.size() > limits_.bytes_max) {
    return error{errc::too_large, "JSON text has " + std::to_string(text.size()) +
                                      " bytes, at most " + std::to_string(limits_.bytes_max) +
                                      " allowed"};
  }
  text_ = text;
  json_scanner scanner{*this};
  if (scanner.run())
    return {};
  nodes_.clear();
  return scanner.failure();
}

json_view json_tape::root() const {
  return nodes_.empty() ? json_view{} : json_view{this, 0};
}

}  // namespace libagent
