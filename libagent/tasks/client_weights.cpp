#include "libagent/tasks/client_weights.hpp"

#include "libagent/base/text.hpp"

#include <charconv>
#include <string>
#include <system_error>

namespace libagent {

namespace {

error bad_weight(std::string_view part, std::string_view why) {
  return {errc::invalid_argument,
          "read client weights: " + quoted_excerpt(part) + ": " + std::string{why}};
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

expected<client_weights> client_weights::parse(std::string_view text) {
  client_weights parsed;
  for (const auto part : split_list(text)) {
    if (auto added = parsed.add(part); !added)
      return added.error();
  }
  return parsed;
}

expected<void> client_weights::add(std::string_view part) {
  const auto equals = part.rfind('=');
  if (equals == std::string_view::npos)
    return bad_weight(part, "expected CLIENT=WEIGHT");
  const auto client = without_blanks(part.substr(0, equals));
  if (client.empty())
    return bad_weight(part, "the client has no name");
  const auto number = without_blanks(part.substr(equals + 1));
  double weight = 0;
  const auto* end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, weight);
  // Written so that a weight that is no number is refused too.
  if (read.ec != std::errc{} || read.ptr != end || !(weight > 0 && weight <= weight_max)) {
    return bad_weight(
        part, "a weight is a number above 0 and up to " + number_text(client_weights::weight_max));
  }
  if (!weights_.emplace(client, weight).second)
    return bad_weight(part, "the client has a weight already");
  return {};
}

double client_weights::of(std::string_view client) const {
  const auto found = weights_.find(client);
  return found == weights_.end() ? 1.0 : found->second;
}

}  // namespace libagent
