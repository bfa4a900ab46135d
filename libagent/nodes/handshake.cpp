#include "libagent/nodes/handshake.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>

namespace libagent {

namespace {

constexpr std::size_t node_name_bytes_max = 64;

bool is_node_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

/// "MAJOR.MINOR" of "MAJOR.MINOR.PATCH"; the whole text when it is not of that form.
std::string_view wire_version_of(std::string_view version) {
  const auto first = version.find('.');
  const auto second = first == std::string_view::npos ? first : version.find('.', first + 1);
  return version.substr(0, second);
}

expected<void> check_offer(const node_facts& theirs, const peer_limits& limits) {
  if (theirs.tools.size() > limits.tools_max) {
    return error{errc::too_large, "node " + quoted_excerpt(theirs.name) + " offers " +
                                      std::to_string(theirs.tools.size()) + " tools: at most " +
                                      std::to_string(limits.tools_max) + " are accepted"};
  }
  if (theirs.offer_bytes > limits.offer_bytes_max) {
    return error{errc::too_large, "node " + quoted_excerpt(theirs.name) +
                                      " describes its tools in " +
                                      std::to_string(theirs.offer_bytes) + " bytes: at most " +
                                      std::to_string(limits.offer_bytes_max) + " are accepted"};
  }
  return {};
}

}  // namespace

expected<void> check_node_name(std::string_view name) {
  if (!name.empty() && name.size() <= node_name_bytes_max &&
      std::ranges::all_of(name, is_node_name_character))
    return {};
  return error{errc::invalid_argument, "node name " + quoted_excerpt(name) +
                                           ": expected 1 to 64 letters, digits, '-' or '_'"};
}

expected<void> check_peer(const node_facts& own, const node_facts& theirs,
                          std::span<const std::string> present, const peer_limits& limits) {
  if (auto named = check_node_name(theirs.name); !named)
    return named;
  if (wire_version_of(theirs.version) != wire_version_of(own.version)) {
    return error{errc::unsupported, "node " + quoted_excerpt(theirs.name) + " runs version " +
                                        quoted_excerpt(theirs.version) + ", node " +
                                        quoted_excerpt(own.name) + " runs " +
                                        quoted_excerpt(own.version) +
                                        ": MAJOR.MINOR must be the same on all nodes"};
  }
  if (theirs.name == own.name || std::ranges::find(present, theirs.name) != present.end()) {
    return error{errc::already_exists, "node name " + quoted_excerpt(theirs.name) +
                                           " is taken: give each node its own with --node"};
  }
  if (auto offer = check_offer(theirs, limits); !offer)
    return offer;
  if (present.size() >= limits.peers_max) {
    return error{errc::overloaded, "node " + quoted_excerpt(own.name) + " has " +
                                       std::to_string(present.size()) +
                                       " peers already, which is its limit"};
  }
  return {};
}

}  // namespace libagent
