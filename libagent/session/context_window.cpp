#include "libagent/session/context_window.hpp"

#include "libagent/session/guardrails.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

// What chat templates put around a message: role, marks. OpenAI's cookbook counts 3 tokens.
constexpr std::uint64_t message_frame_bytes = 16;
// 765 tokens for an image of 1024 x 1024 in high detail (OpenAI, "Images and vision").
constexpr std::uint64_t image_bytes = 3'000;
constexpr std::size_t shortened_result_bytes = 256;
constexpr std::size_t transcript_result_bytes = 500;

/// Without the data of images, which are counted by the piece.
std::uint64_t parts_weight(std::string_view parts) {
  constexpr std::string_view data = R"("data:)";
  constexpr std::string_view image = R"("type":"image_url")";
  std::uint64_t sum = parts.size();
  for (auto at = parts.find(data); at != std::string_view::npos; at = parts.find(data, at)) {
    const auto end = std::min(parts.find('"', at + 1), parts.size());
    sum -= end - at;
    at = end;
  }
  for (auto at = parts.find(image); at != std::string_view::npos; at = parts.find(image, at + 1))
    sum += image_bytes;
  return sum;
}

std::uint64_t entry_weight(const conversation_entry& entry) {
  auto sum = message_weight(entry.message);
  for (const auto& c : entry.calls) {
    sum += c.call.id.size() * 2 + c.call.name.size() + c.call.arguments.size() + c.output.size() +
           2 * message_frame_bytes;
  }
  return sum;
}

std::size_t leading_systems(std::span<const conversation_entry> entries) {
  const auto first = std::ranges::find_if(entries, [](const conversation_entry& e) {
    return e.message.role != chat_role::system || !e.message.parts.text.empty();
  });
  return static_cast<std::size_t>(first - entries.begin());
}

bool begins_exchange(std::span<const conversation_entry> entries, std::size_t at) {
  if (at == 0 || entries[at - 1].message.role == chat_role::system)
    return true;
  return entries[at].message.role == chat_role::user &&
         entries[at - 1].message.role != chat_role::user;
}

std::string system_text(const conversation& history, std::string_view instructions) {
  std::string out{instructions};
  const auto add = [&out](std::string_view text) {
    if (text.empty())
      return;
    if (!out.empty())
      out += "\n\n";
    out += text;
  };
  const auto entries = history.entries();
  for (const auto& entry : entries.first(leading_systems(entries)))
    add(entry.message.content);
  if (!history.summary().empty())
    add("What was said before, in short:\n" + history.summary());
  return out;
}

std::uint64_t room_in_bytes(const context_room& room) {
  const auto tokens = room.tokens - std::min(room.reserve, room.tokens / 2);
  return room.gauge.bytes(tokens);
}

/// The first entry of as many exchanges from the end as fit into `bytes`, and what they weigh.
std::pair<std::size_t, std::uint64_t> fitting_tail(std::span<const conversation_entry> entries,
                                                   std::uint64_t bytes) {
  const auto lowest = leading_systems(entries);
  auto first = entries.size();
  std::uint64_t taken = 0;
  std::uint64_t sum = 0;
  for (auto at = entries.size(); at > lowest; --at) {
    sum += entry_weight(entries[at - 1]);
    if (!begins_exchange(entries, at - 1))
      continue;
    if (first != entries.size() && sum > bytes)
      break;
    first = at - 1;
    taken = sum;
  }
  return {first, taken};
}

/// Shortens results, the oldest first, until `excess` bytes are saved.
void shorten_results(std::span<chat_message> messages, std::uint64_t excess) {
  for (auto& m : messages) {
    if (excess == 0)
      return;
    if (m.role != chat_role::tool || m.content.size() <= 2 * shortened_result_bytes)
      continue;
    const auto before = m.content.size();
    m.content = cut_with_note(std::move(m.content), shortened_result_bytes);
    excess -= std::min<std::uint64_t>(excess, before - m.content.size());
  }
}

void append_transcript(std::string& out, const conversation_entry& entry) {
  if (!entry.message.content.empty()) {
    out += name_of(entry.message.role);
    out += ": ";
    out += entry.message.content;
    out += '\n';
  }
  for (const auto& c : entry.calls) {
    out += "tool " + c.call.name + " " + cut_with_note(c.call.arguments, transcript_result_bytes) +
           " gave: " + cut_with_note(c.output, transcript_result_bytes) + "\n";
  }
}

}  // namespace

std::uint64_t message_weight(const chat_message& message) {
  auto sum = message_frame_bytes + message.name.size() + message.tool_call_id.size();
  sum += message.parts.text.empty() ? message.content.size() : parts_weight(message.parts.text);
  for (const auto& c : message.tool_calls)
    sum += c.id.size() + c.name.size() + c.arguments.size() + message_frame_bytes;
  return sum;
}

std::uint64_t definition_weight(const tool_definition& tool) {
  return tool.name.size() + tool.description.size() + tool.parameters.text.size() +
         2 * message_frame_bytes;
}

context_plan plan_context(const conversation& history, const context_room& room) {
  const auto entries = history.entries();
  const auto fixed =
      room.fixed_bytes + message_frame_bytes + system_text(history, room.instructions).size();
  const auto all = room_in_bytes(room);
  const auto left = all - std::min(all, fixed);
  const auto [first, taken] = fitting_tail(entries, left);
  return {.first = first,
          .bytes = fixed + taken,
          .fits = taken <= left,
          .left_out = first > leading_systems(entries)};
}

std::vector<chat_message> context_messages(const conversation& history, const context_plan& plan,
                                           const context_room& room) {
  std::vector<chat_message> out;
  if (auto system = system_text(history, room.instructions); !system.empty())
    out.push_back({.role = chat_role::system, .content = std::move(system)});
  for (const auto& entry : history.entries().subspan(plan.first))
    append_messages(out, entry);
  if (!plan.fits) {
    const auto all = room_in_bytes(room);
    shorten_results(out, plan.bytes - std::min(plan.bytes, all));
  }
  return out;
}

summary_plan plan_summary(const conversation& history, const context_room& room) {
  const auto entries = history.entries();
  const auto [first, taken] = fitting_tail(entries, room_in_bytes(room) / 2);
  const auto from = leading_systems(entries);
  if (first <= from || from > 0)
    return {};
  std::string transcript;
  if (!history.summary().empty())
    transcript = "Summary so far: " + history.summary() + "\n";
  for (const auto& entry : entries.first(first))
    append_transcript(transcript, entry);
  const auto bytes = static_cast<std::size_t>(room_in_bytes(room));
  summary_plan out{.entries = first};
  out.request.messages = {
      {.role = chat_role::system,
       .content = "You summarise conversations for an assistant who has to go on with them. Keep "
                  "names, numbers, decisions, open questions and what the user wants. At most 200 "
                  "words, no introduction."},
      {.role = chat_role::user, .content = cut_with_note(std::move(transcript), bytes)}};
  return out;
}

}  // namespace libagent
