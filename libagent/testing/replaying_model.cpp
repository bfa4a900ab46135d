#include "libagent/testing/replaying_model.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"
#include "libagent/record/canonical_json.hpp"
#include "libagent/record/json.hpp"
#include "libagent/testing/cassette.hpp"
#include "libagent/testing/scripted_performance.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ranges>
#include <utility>

namespace libagent::testing {

namespace {

constexpr std::size_t cassette_bytes_max = 256U << 20U;
constexpr json_limits cassette_limits{.bytes_max = cassette_bytes_max, .depth_max = 128};

std::size_t same_at_front(std::string_view a, std::string_view b) {
  const auto at = std::ranges::mismatch(a, b);
  return static_cast<std::size_t>(at.in1 - a.begin());
}

std::size_t same_bytes(std::string_view a, std::string_view b) {
  const auto front = same_at_front(a, b);
  const auto rest_a = std::views::reverse(a.substr(front));
  const auto rest_b = std::views::reverse(b.substr(front));
  const auto at = std::ranges::mismatch(rest_a, rest_b);
  return front + static_cast<std::size_t>(at.in1 - rest_a.begin());
}

/// From a little before the place where two texts begin to differ.
std::string excerpt_at(std::string_view text, std::size_t difference) {
  constexpr std::size_t before = 40;
  auto from = difference - std::min(difference, before);
  while (from > 0 && from < text.size() &&
         (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U)
    --from;
  return quoted_excerpt(text.substr(std::min(from, text.size())), 160);
}

}  // namespace

expected<std::shared_ptr<replaying_model>> replaying_model::of(std::string_view lines,
                                                               std::string name) {
  auto model = std::make_shared<replaying_model>();
  model->name_ = std::move(name);
  for (std::size_t number = 1; !lines.empty(); ++number) {
    const auto text = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(text.size() + 1, lines.size()));
    if (text.empty())
      continue;
    const auto line = from_json<cassette_line>(text, cassette_limits);
    const auto end = line ? end_of(*line) : expected<chat_end>{line.error()};
    const auto request = line ? canonical_json(line->request.text, cassette_limits)
                              : expected<std::string>{line.error()};
    if (!end || !request) {
      return error{errc::corrupt, "read cassette " + model->name_ + ", line " +
                                      std::to_string(number) + ": " +
                                      (end ? request.error() : end.error()).context};
    }
    model->all_.push_back(
        {.request = *request, .deltas = deltas_of(*line), .end = *end, .line = number});
  }
  return model;
}

expected<std::shared_ptr<replaying_model>> replaying_model::from_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file)
    return error{errc::not_found, "read cassette " + path + ": there is no such file"};
  std::string text;
  std::string piece(64U << 10U, '\0');
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0) {
    text.append(piece, 0, static_cast<std::size_t>(file.gcount()));
    if (text.size() > cassette_bytes_max)
      return error{errc::too_large, "read cassette " + path + ": it has more than 256 MB"};
  }
  return of(text, path);
}

replaying_model::recorded* replaying_model::find(const std::string& request) {
  const auto found = std::ranges::find_if(
      all_, [&](const recorded& each) { return !each.used && each.request == request; });
  return found == all_.end() ? nullptr : &*found;
}

error replaying_model::nothing_for(const std::string& request) const {
  auto context = "replay " + name_ + ": ";
  const auto nearest = std::ranges::max_element(
      all_, {}, [&](const recorded& each) { return same_bytes(each.request, request); });
  if (nearest == all_.end())
    return {errc::not_found, context + "nothing is recorded there"};
  if (nearest->request == request) {
    return {errc::not_found, context + "the request of line " + std::to_string(nearest->line) +
                                 " was asked more often than it was recorded"};
  }
  const auto at = same_at_front(nearest->request, request);
  return {errc::not_found, context + "no such request is recorded; the nearest is that of line " +
                               std::to_string(nearest->line) + ", where it has " +
                               excerpt_at(nearest->request, at) + " in place of " +
                               excerpt_at(request, at) + "; record it anew if that is meant"};
}

void replaying_model::start(chat_call call) {
  LIBAGENT_EXPECTS(call.request != nullptr && call.on_end != nullptr);
  const auto request = canonical_request(*call.request);
  auto reply = fails(request ? error{} : request.error());
  if (request) {
    const std::lock_guard guard{mutex_};
    auto* const found = find(*request);
    if (found == nullptr) {
      reply = fails(nothing_for(*request));
    } else {
      found->used = true;
      reply = scripted_reply{found->end}.in_deltas(found->deltas);
    }
  }
  // Held by its own callbacks when the gate is closed, so that it outlives this call.
  scripted_performance::play_alone(std::move(call), std::move(reply));
}

std::size_t replaying_model::left() const {
  const std::lock_guard guard{mutex_};
  return static_cast<std::size_t>(
      std::count_if(all_.begin(), all_.end(), [](const recorded& each) { return !each.used; }));
}

}  // namespace libagent::testing
