#include "libagent/api/render.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace libagent {

namespace {

constexpr std::size_t bar_cells = 24;
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view plain = "\x1b[0m";

std::string painted(std::string_view paint, std::string_view text, text_style style) {
  if (!style.color)
    return std::string{text};
  return std::string{paint}.append(text).append(plain);
}

std::string line_range(const citation& cited) {
  auto text = cited.file + ":" + std::to_string(cited.line_first);
  if (cited.line_last > cited.line_first)
    text += "-" + std::to_string(cited.line_last);
  return text;
}

/// Cuts at a code point's border, so that a terminal never sees half a character.
std::string_view shortened(std::string_view text, std::size_t size_max) {
  if (text.size() <= size_max)
    return text;
  while (size_max > 0 && (static_cast<unsigned char>(text[size_max]) & 0xC0U) == 0x80U)
    --size_max;
  return text.substr(0, size_max);
}

std::string describe_line(const supervision_node& node, text_style style) {
  auto line = painted(bold, node.name, style);
  if (node.strategy)
    line += " (" + *node.strategy + ")";
  if (node.state != "running")
    line += " " + painted(yellow, node.state, style);
  if (node.restarts > 0)
    line += ", " + std::to_string(node.restarts) + (node.restarts == 1 ? " restart" : " restarts");
  if (node.last_failure)
    line += painted(dim, ", last: " + *node.last_failure, style);
  return line + "\n";
}

void append_children(std::string& out, const supervision_node& parent, const std::string& indent,
                     text_style style) {
  for (std::size_t i = 0; i < parent.children.size(); ++i) {
    const bool last = i + 1 == parent.children.size();
    out += indent + (last ? "`-- " : "|-- ") + describe_line(parent.children[i], style);
    append_children(out, parent.children[i], indent + (last ? "    " : "|   "), style);
  }
}

}  // namespace

std::string render_citations(const std::vector<citation>& citations, text_style style) {
  std::string out;
  for (std::size_t i = 0; i < citations.size(); ++i) {
    out +=
        painted(dim, "[" + std::to_string(i + 1) + "] " + line_range(citations[i]), style) + "\n";
  }
  return out;
}

std::string render_answer(const agent_answer& answer, text_style style) {
  const auto* const gap = answer.citations.empty() ? "\n" : "\n\n";
  return answer.text + gap + render_citations(answer.citations, style);
}

std::string render_tree(const supervision_node& root, text_style style) {
  auto out = describe_line(root, style);
  append_children(out, root, "", style);
  return out;
}

std::string render_progress(const task_progress& progress, std::size_t columns) {
  const auto fraction = std::clamp(progress.fraction, 0.0, 1.0);
  const auto filled = static_cast<std::size_t>(std::lround(fraction * bar_cells));
  auto percent = std::to_string(static_cast<int>(std::floor(fraction * 100)));
  percent.insert(0, 3 - percent.size(), ' ');
  const auto line = "[" + std::string(filled, '#') + std::string(bar_cells - filled, '.') + "] " +
                    percent + "% " + progress.message;
  return std::string{shortened(line, columns)};
}

}  // namespace libagent
