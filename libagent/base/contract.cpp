#include "libagent/base/contract.hpp"

namespace libagent {

void fail_contract(const char* condition, const char* file, int line) {
  throw contract_violation{std::string{"contract violated: "} + condition + " at " + file + ":" +
                           std::to_string(line)};
}

}  // namespace libagent
