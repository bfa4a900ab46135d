#pragma once

#include <string>
#include <string_view>

namespace libagent {

/// The question to search for, when `question` was asked after `previous` in one conversation.
///
/// A question that leans on the one before ("and when it is full?", "那容量呢？") gets the earlier
/// one's words in front; one that stands on its own is returned as it is. Classical rules, not
/// understanding: a question leans when it begins with a connecting word, or is short and has a
/// word such as "it" or "它" that stands for something else.
[[nodiscard]] std::string resolve_follow_up(std::string_view previous, std::string_view question);

}  // namespace libagent
