#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace libagent {

/// Lets a table keyed by `std::string` be asked with a `std::string_view`, without a copy.
struct name_hash {
  using is_transparent = void;

  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>{}(name);
  }
};

/// A hash table by name.
template <class T>
using name_table = std::unordered_map<std::string, T, name_hash, std::equal_to<>>;

}  // namespace libagent
