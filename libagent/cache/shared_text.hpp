#pragma once

#include <memory>
#include <string>
#include <utility>

namespace libagent {

/// A text that many hold at once and nobody changes: passing it on copies a pointer.
///
/// Thread safety: like `std::shared_ptr<const std::string>`.
class shared_text {
public:
  /// No text, which reads as an empty one.
  shared_text() = default;

  explicit shared_text(std::string text)
      : text_{std::make_shared<const std::string>(std::move(text))} {}

  /// Null means no text.
  explicit shared_text(std::shared_ptr<const std::string> text) : text_{std::move(text)} {}

  [[nodiscard]] const std::string& str() const {
    static const std::string empty;
    return text_ ? *text_ : empty;
  }

  /// Whether there is a text, be it an empty one.
  [[nodiscard]] bool has_value() const { return text_ != nullptr; }

  /// Never null.
  [[nodiscard]] std::shared_ptr<const std::string> shared() const {
    return text_ ? text_ : std::make_shared<const std::string>();
  }

  friend bool operator==(const shared_text& a, const shared_text& b) { return a.str() == b.str(); }

private:
  std::shared_ptr<const std::string> text_;
};

template <class Inspector>
bool inspect(Inspector& f, shared_text& x) {
  return f.object(x)
      .pretty_name("shared_text")
      .fields(f.field(
          "text", [&x]() -> const std::string& { return x.str(); },
          [&x](std::string text) {
            x = shared_text{std::move(text)};
            return true;
          }));
}

}  // namespace libagent
