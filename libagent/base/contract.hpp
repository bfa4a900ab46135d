#pragma once

#include <stdexcept>
#include <string>

namespace libagent {

/// A bug: a caller broke a documented precondition. Nobody catches it, so only the actor that
/// runs the broken code dies, and its supervisor decides what happens next.
class contract_violation : public std::logic_error {
public:
  using std::logic_error::logic_error;
};

/// Throws `contract_violation` naming the condition and its place.
[[noreturn]] void fail_contract(const char* condition, const char* file, int line);

}  // namespace libagent

/// Checks a precondition in every build. A function that uses it is not `noexcept`.
#define LIBAGENT_EXPECTS(condition)                              \
  do {                                                           \
    if (!(condition))                                            \
      ::libagent::fail_contract(#condition, __FILE__, __LINE__); \
  } while (false)
