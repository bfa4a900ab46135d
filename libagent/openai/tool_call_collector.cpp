#include "libagent/openai/tool_call_collector.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t call_name_bytes_max = 256;

}  // namespace

void json_balance::add(std::string_view bytes) {
  for (const char c : bytes) {
    if (escaped_) {
      escaped_ = false;
    } else if (in_string_) {
      escaped_ = c == '\\';
      in_string_ = c != '"';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
      opened_ = true;
    } else if ((c == '}' || c == ']') && depth_ > 0) {
      --depth_;
    }
  }
}

tool_call_collector::tool_call_collector(const limits& bounds, std::uint64_t id_seed)
    : limits_{bounds}, random_{id_seed} {}

expected<void> tool_call_collector::add(json_view value, std::vector<tool_call_piece>& fresh) {
  const auto p = read_piece(value);
  const bool says_something = !p.id.empty() || !p.name.empty() || p.has_arguments;
  return says_something ? append(p, fresh) : expected<void>{};
}

tool_call_collector::piece tool_call_collector::read_piece(json_view value) {
  auto function = value.find("function");
  if (function.is_absent())
    function = value;
  piece p{.index = value.find("index").count(),
          .id = value.find("id").text(),
          .name = function.find("name").text()};
  scratch_.clear();
  const auto arguments = function.find("arguments");
  if (arguments.is_object()) {
    scratch_ = arguments.compact();  // some servers send the object itself, not its text
  } else {
    arguments.append_text(scratch_);
  }
  p.has_arguments = !scratch_.empty();
  return p;
}

expected<void> tool_call_collector::append(const piece& p, std::vector<tool_call_piece>& fresh) {
  auto at = find(p);
  const bool is_new = !at || begins_another(p, *at);
  if (is_new) {
    if (calls_.size() == limits_.calls_max) {
      return error{errc::too_large, "read tool calls: more than " +
                                        std::to_string(limits_.calls_max) + " in one reply"};
    }
    at = open(p);
  }
  if (slots_[*at].their_id.empty())
    slots_[*at].their_id = p.id;
  tool_call_piece out{.index = static_cast<std::uint32_t>(*at)};
  if (is_new)
    out.id = calls_[*at].id;
  auto done = take_name(p, *at, out.name);
  if (done && p.has_arguments)
    done = take_arguments(*at, out.arguments);
  if (is_new || !out.name.empty() || !out.arguments.empty())
    fresh.push_back(std::move(out));
  return done;
}

std::optional<std::size_t> tool_call_collector::find(const piece& p) const {
  if (calls_.empty())
    return std::nullopt;
  if (!p.index && p.id.empty())
    return calls_.size() - 1;
  for (auto at = slots_.size(); at-- > 0;) {
    if (p.index ? slots_[at].index == p.index : slots_[at].their_id == p.id)
      return at;
  }
  return std::nullopt;
}

bool tool_call_collector::begins_another(const piece& p, std::size_t at) const {
  if (p.name.empty())
    return false;
  const auto& known = slots_[at];
  if (!p.id.empty() && !known.their_id.empty() && p.id != known.their_id)
    return true;
  if (!p.index && p.id.empty() && p.name != calls_[at].name && !calls_[at].name.empty())
    return true;
  return p.has_arguments && known.balance.is_closed();
}

std::size_t tool_call_collector::open(const piece& p) {
  auto id = accepted_id(p.id);
  slots_.push_back({.index = p.index, .their_id = p.id, .joiner = {}, .balance = {}});
  calls_.push_back({.id = std::move(id), .name = {}, .arguments = {}});
  return calls_.size() - 1;
}

std::string tool_call_collector::accepted_id(const std::string& theirs) {
  constexpr std::size_t id_bytes_max = 256;
  static constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyz";
  const auto is_taken = [this](const std::string& id) {
    return std::ranges::any_of(calls_, [&id](const tool_call& call) { return call.id == id; });
  };
  auto id = theirs;
  while (id.empty() || id.size() > id_bytes_max || is_taken(id)) {
    id = "call_";
    for (int i = 0; i < 20; ++i)
      id += letters[random_() % letters.size()];
  }
  return id;
}

expected<void> tool_call_collector::take_name(const piece& p, std::size_t at, std::string& fresh) {
  auto& name = calls_[at].name;
  const bool repeated = p.name == name || (!name.empty() && !calls_[at].arguments.empty());
  if (repeated)
    return {};
  if (name.size() + p.name.size() > call_name_bytes_max) {
    return error{errc::too_large, "read tool calls: a name of more than " +
                                      std::to_string(call_name_bytes_max) + " bytes"};
  }
  name += p.name;
  fresh = p.name;
  return {};
}

expected<void> tool_call_collector::take_arguments(std::size_t at, std::string& fresh) {
  auto& arguments = calls_[at].arguments;
  if (arguments.size() + scratch_.size() > limits_.arguments_bytes_max) {
    return error{errc::too_large, "read tool calls: arguments of more than " +
                                      std::to_string(limits_.arguments_bytes_max) + " bytes"};
  }
  slots_[at].joiner.add(scratch_, fresh);
  slots_[at].balance.add(fresh);
  arguments += fresh;
  return {};
}

bool tool_call_collector::are_complete() const {
  for (std::size_t at = 0; at < calls_.size(); ++at) {
    if (!calls_[at].arguments.empty() && !slots_[at].balance.is_closed())
      return false;
  }
  return true;
}

expected<std::vector<tool_call>> tool_call_collector::finish(std::vector<tool_call_piece>& fresh) {
  for (std::size_t at = 0; at < calls_.size(); ++at) {
    if (calls_[at].name.empty()) {
      return error{errc::corrupt,
                   "read tool calls: call " + std::to_string(at + 1) + " names no tool"};
    }
    tool_call_piece rest{.index = static_cast<std::uint32_t>(at)};
    slots_[at].joiner.flush(rest.arguments);
    calls_[at].arguments += rest.arguments;
    if (!rest.arguments.empty())
      fresh.push_back(std::move(rest));
  }
  return std::move(calls_);
}

}  // namespace libagent
