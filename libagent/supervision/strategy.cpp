#include "libagent/supervision/strategy.hpp"

#include "libagent/base/contract.hpp"

#include <numeric>

namespace libagent {

std::vector<std::size_t> children_to_restart(strategy which, std::size_t failed,
                                             std::size_t child_count) {
  LIBAGENT_EXPECTS(failed < child_count);
  if (which == strategy::one_for_one)
    return {failed};
  const auto first = which == strategy::one_for_all ? 0 : failed;
  std::vector<std::size_t> positions(child_count - first);
  std::iota(positions.begin(), positions.end(), first);
  return positions;
}

}  // namespace libagent
