#include "libagent/session/packed_entries.hpp"

#include "libagent/base/contract.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace libagent {

namespace {

constexpr unsigned group_bits = 7;
constexpr std::uint64_t group_mask = 0x7F;
constexpr std::uint64_t more_follow = 0x80;

/// Numbers as LEB128 (DWARF 5, section 7.6), texts with their length before them.
class packer {
public:
  void number(std::uint64_t value) {
    for (; value > group_mask; value >>= group_bits)
      out_.push_back(static_cast<char>((value & group_mask) | more_follow));
    out_.push_back(static_cast<char>(value));
  }

  void text(std::string_view value) {
    number(value.size());
    out_ += value;
  }

  void entry(const conversation_entry& entry) {
    number(static_cast<std::uint64_t>(entry.message.role));
    text(entry.message.content);
    text(entry.message.name);
    text(entry.message.parts.text);
    number(entry.calls.size());
    for (const auto& c : entry.calls)
      call(c);
  }

  [[nodiscard]] std::string take() {
    out_.shrink_to_fit();
    return std::move(out_);
  }

private:
  void call(const recorded_call& c) {
    text(c.call.id);
    text(c.call.name);
    text(c.call.arguments);
    text(c.output);
    number(static_cast<std::uint64_t>(c.phase));
    number(c.succeeded ? 1 : 0);
    number(c.has_run ? 1 : 0);
  }

  std::string out_;
};

/// In the packer's order.
class unpacker {
public:
  explicit unpacker(std::string_view packed) : left_{packed} {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += group_bits) {
      LIBAGENT_EXPECTS(!left_.empty());
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= (byte & group_mask) << shift;
      if (byte < more_follow)
        return value;
    }
  }

  std::string text() {
    const auto size = static_cast<std::size_t>(number());
    LIBAGENT_EXPECTS(size <= left_.size());
    std::string value{left_.substr(0, size)};
    left_.remove_prefix(size);
    return value;
  }

  conversation_entry entry() {
    conversation_entry out;
    out.message.role = static_cast<chat_role>(number());
    out.message.content = text();
    out.message.name = text();
    out.message.parts.text = text();
    const auto calls = static_cast<std::size_t>(number());
    out.calls.reserve(calls);
    while (out.calls.size() < calls)
      out.calls.push_back(call());
    return out;
  }

private:
  recorded_call call() {
    recorded_call out;
    out.call.id = text();
    out.call.name = text();
    out.call.arguments = text();
    out.output = text();
    out.phase = static_cast<call_phase>(number());
    out.succeeded = number() != 0;
    out.has_run = number() != 0;
    return out;
  }

  std::string_view left_;
};

}  // namespace

std::string pack_entries(std::span<const conversation_entry> entries) {
  packer to;
  to.number(entries.size());
  for (const auto& entry : entries)
    to.entry(entry);
  return to.take();
}

std::vector<conversation_entry> unpack_entries(std::string_view packed) {
  unpacker from{packed};
  const auto count = static_cast<std::size_t>(from.number());
  std::vector<conversation_entry> out;
  out.reserve(count);
  while (out.size() < count)
    out.push_back(from.entry());
  return out;
}

}  // namespace libagent
