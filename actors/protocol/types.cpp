#include "actors/protocol/types.hpp"

#include <string_view>

namespace libagent {

bool from_string(caf::string_view text, errc& code) {
  const auto found = errc_from_string(std::string_view{text.data(), text.size()});
  if (found)
    code = *found;
  return found.has_value();
}

bool from_integer(std::underlying_type_t<errc> number, errc& code) {
  if (number > static_cast<std::underlying_type_t<errc>>(errc::context_too_long))
    return false;
  code = static_cast<errc>(number);
  return true;
}

}  // namespace libagent
