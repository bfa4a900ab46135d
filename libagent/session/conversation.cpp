#include "libagent/session/conversation.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"
#include "libagent/session/packed_entries.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

std::string_view missing_result(const recorded_call& call) {
  return call.phase == call_phase::started
             ? "interrupted: it had begun when the turn ended and may or may not have happened"
             : "no result: it was not run";
}

std::size_t message_bytes(const chat_message& m) {
  return m.content.capacity() + m.tool_call_id.capacity() + m.name.capacity() +
         m.reasoning.capacity() + m.parts.text.capacity() +
         m.tool_calls.capacity() * sizeof(tool_call);
}

std::size_t entry_bytes(const conversation_entry& entry) {
  auto sum = message_bytes(entry.message) + entry.calls.capacity() * sizeof(recorded_call);
  for (const auto& c : entry.calls) {
    sum += c.call.id.capacity() + c.call.name.capacity() + c.call.arguments.capacity() +
           c.output.capacity();
  }
  return sum;
}

template <class T>
bool equal_behind(const std::unique_ptr<T>& a, const std::unique_ptr<T>& b) {
  return a && b ? *a == *b : !a && !b;
}

/// What a conversation and its newest messages have in the way of calls to be answered.
class open_calls {
public:
  explicit open_calls(std::span<const conversation_entry> entries) {
    if (entries.empty())
      return;
    for (const auto& c : entries.back().calls) {
      if (c.phase != call_phase::ended)
        ids_.push_back(c.call.id);
    }
  }

  expected<void> take(const chat_message& message) {
    if (message.role == chat_role::tool)
      return answer(message.tool_call_id);
    ids_.clear();
    for (const auto& c : message.tool_calls) {
      if (c.id.empty() || std::ranges::find(ids_, c.id) != ids_.end())
        return error{errc::invalid_argument, "tool calls need ids that differ"};
      ids_.push_back(c.id);
    }
    return {};
  }

private:
  expected<void> answer(std::string_view id) {
    const auto found = std::ranges::find(ids_, id);
    if (found == ids_.end()) {
      return error{errc::invalid_argument, "it answers the call " + quoted_excerpt(id, 64) +
                                               ", which was not made just before or has its "
                                               "answer"};
    }
    ids_.erase(found);
    return {};
  }

  std::vector<std::string_view> ids_;
};

}  // namespace

void append_messages(std::vector<chat_message>& out, const conversation_entry& entry) {
  out.push_back(entry.message);
  auto& calls = out.back().tool_calls;
  calls.reserve(entry.calls.size());
  for (const auto& c : entry.calls)
    calls.push_back(c.call);
  for (const auto& c : entry.calls) {
    out.push_back(
        {.role = chat_role::tool,
         .content = c.phase == call_phase::ended ? c.output : std::string{missing_result(c)},
         .tool_call_id = c.call.id});
  }
}

expected<conversation> conversation::replay(std::span<const std::string> events) {
  conversation out;
  for (const auto& text : events) {
    const auto place = "replay event " + std::to_string(out.events_) + ": ";
    auto event = decode_event(text);
    if (!event)
      return error{event.error().code, place + event.error().context};
    if (auto done = out.apply(std::move(*event)); !done)
      return error{done.error().code, place + done.error().context};
  }
  return out;
}

expected<void> conversation::check(std::span<const chat_message> messages) const {
  if (messages.empty())
    return error{errc::invalid_argument, "messages: there are none"};
  open_calls open{entries()};
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (auto done = open.take(messages[i]); !done) {
      return error{done.error().code,
                   "messages/" + std::to_string(i) + ": " + done.error().context};
    }
  }
  return {};
}

std::optional<turn_result> conversation::result_for(std::string_view key) const {
  LIBAGENT_EXPECTS(!key.empty());
  if (turn_ || !last_ || last_->key != key)
    return std::nullopt;
  return result();
}

turn_result conversation::result() const {
  LIBAGENT_EXPECTS(turn_ || last_);
  const auto& facts = turn_ ? turn_->facts : *last_;
  turn_result out{.state = facts.state,
                  .agent = facts.agent,
                  .model = facts.model,
                  .finish = facts.finish,
                  .found = facts.found,
                  .citations = facts.citations,
                  .approvals = approvals(),
                  .usage = facts.usage,
                  .cost_micro = facts.cost_micro,
                  .steps = facts.steps,
                  .cache = facts.cache,
                  .failure = facts.failure};
  const auto said = entries();
  if (said.size() <= facts.first_step || said.back().message.role != chat_role::assistant)
    return out;
  const auto& latest = said.back();
  if (latest.calls.empty() || facts.state == turn_state::calls_client)
    out.text = latest.message.content;
  if (facts.state == turn_state::calls_client) {
    for (const auto& c : latest.calls)
      out.calls.push_back(c.call);
  }
  return out;
}

std::span<const recorded_call> conversation::calls() const {
  if (!turn_ || entries().size() <= turn_->facts.first_step)
    return {};
  return entries().back().calls;
}

std::vector<pending_approval> conversation::approvals() const {
  std::vector<pending_approval> out;
  for (const auto& c : calls()) {
    if (c.phase == call_phase::waits)
      out.push_back({call_key(c.call.id), c.call});
  }
  return out;
}

std::string conversation::call_key(std::string_view call) const {
  const auto all = calls();
  const auto found = std::ranges::find_if(all, [call](const auto& c) { return c.call.id == call; });
  LIBAGENT_EXPECTS(found != all.end());
  return turn_->facts.id + "." + std::to_string(turn_->facts.steps) + "." +
         std::to_string(found - all.begin());
}

const std::string& conversation::agent_for(const std::string& asked) const {
  const bool has_handed_over = std::ranges::find(handed_over_by_, asked) != handed_over_by_.end();
  return has_handed_over ? agent_ : asked;
}

session_view conversation::view() const {
  session_view out{.agent = agent_,
                   .created_at = created_at_,
                   .changed_at = changed_at_,
                   .turns = turns_,
                   .turn_open = turn_ != nullptr,
                   .usage = usage_,
                   .cost_micro = cost_micro_,
                   .approvals = approvals()};
  if (!summary_.empty())
    out.messages.push_back({.role = chat_role::system, .content = summary_});
  for (const auto& entry : entries())
    append_messages(out.messages, entry);
  std::erase_if(out.messages, [this](const chat_message& m) {
    const auto open = calls();
    return m.role == chat_role::tool && std::ranges::any_of(open, [&m](const recorded_call& c) {
             return c.phase != call_phase::ended && c.call.id == m.tool_call_id;
           });
  });
  return out;
}

void conversation::pack() {
  if (!packed_.empty())
    return;
  packed_ = pack_entries(entries_);
  entries_ = std::vector<conversation_entry>{};  // `{}` alone would keep its memory.
  summary_.shrink_to_fit();
}

std::vector<conversation_entry>& conversation::unpacked() const {
  if (!packed_.empty())
    entries_ = unpack_entries(std::exchange(packed_, {}));
  return entries_;
}

std::size_t conversation::bytes() const {
  auto sum = sizeof(*this) + agent_.capacity() + summary_.capacity() +
             handed_over_by_.capacity() * sizeof(std::string) + packed_.capacity() +
             entries_.capacity() * sizeof(conversation_entry);
  for (const auto& entry : entries_)
    sum += entry_bytes(entry);
  if (turn_)
    sum += sizeof(*turn_);
  if (last_)
    sum += sizeof(*last_) + last_->citations.capacity() * sizeof(citation);
  return sum;
}

bool operator==(const conversation& a, const conversation& b) {
  return a.agent_ == b.agent_ && a.handed_over_by_ == b.handed_over_by_ &&
         a.summary_ == b.summary_ && a.unpacked() == b.unpacked() &&
         equal_behind(a.turn_, b.turn_) && equal_behind(a.last_, b.last_) && a.gauge_ == b.gauge_ &&
         a.usage_ == b.usage_ && a.cost_micro_ == b.cost_micro_ && a.events_ == b.events_ &&
         a.created_at_ == b.created_at_ && a.changed_at_ == b.changed_at_ && a.turns_ == b.turns_;
}

}  // namespace libagent
