#include "libagent/session/guardrails.hpp"

#include "libagent/base/text.hpp"
#include "libagent/knowledge/unicode.hpp"

#include <algorithm>
#include <ranges>

namespace libagent {

namespace {

std::string without_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto read = decode_utf8(text, at);
    at += read.length;
    if (const auto folded = fold_letter(read.code); folded != 0)
      append_utf8(out, folded);
  }
  return out;
}

bool is_blocked_message(const guardrail_rules& rules, const chat_message& m) {
  return m.role == chat_role::user && (has_phrase(m.content, rules.blocked_input) ||
                                       has_phrase(m.parts.text, rules.blocked_input));
}

}  // namespace

bool has_phrase(std::string_view text, std::span<const std::string> phrases) {
  if (phrases.empty() || text.empty())
    return false;
  const auto folded = without_case(text);
  return std::ranges::any_of(phrases, [&folded](const std::string& phrase) {
    return !phrase.empty() && folded.find(without_case(phrase)) != std::string::npos;
  });
}

expected<void> check_input_size(const guardrail_rules& rules,
                                std::span<const chat_message> messages) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].role == chat_role::user && messages[i].content.size() > rules.input_bytes_max) {
      return error{errc::too_large, "messages/" + std::to_string(i) + ": " +
                                        std::to_string(messages[i].content.size()) +
                                        " bytes, allowed are " +
                                        std::to_string(rules.input_bytes_max)};
    }
  }
  return {};
}

bool is_blocked_input(const guardrail_rules& rules, std::span<const chat_message> messages) {
  for (const auto& m : std::views::reverse(messages)) {
    if (m.role == chat_role::assistant)
      return false;
    if (is_blocked_message(rules, m))
      return true;
  }
  return false;
}

void redact_input(const guardrail_rules& rules, std::span<chat_message> messages) {
  for (auto& m : messages) {
    if (!is_blocked_message(rules, m))
      continue;
    m.content = "(a message that was refused)";
    m.parts = {};
  }
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::string sound_text(std::string text) {
  std::size_t sound = 0;
  while (sound < text.size()) {
    const auto size = utf8_sequence_size(std::string_view{text}.substr(sound));
    if (size == 0)
      break;
    sound += size;
  }
  if (sound == text.size())
    return text;
  auto out = text.substr(0, sound);
  while (sound < text.size()) {
    const auto size = utf8_sequence_size(std::string_view{text}.substr(sound));
    if (size == 0) {
      append_utf8(out, U'\uFFFD');
    } else {
      out.append(text, sound, size);
    }
    sound += std::max<std::size_t>(size, 1);
  }
  return out;
}

std::string cut_with_note(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max)
    return text;
  const auto all = text.size();
  text.resize(utf8_prefix(text, bytes_max).size());
  text += "\n[cut: " + std::to_string(text.size()) + " of " + std::to_string(all) + " bytes]";
  return text;
}

}  // namespace libagent
