#pragma once

#include "libagent/record/field.hpp"

#include <caf/inspector_access.hpp>

/// The wire format of every enum that has `enum_names`: its number, refused when it names no value.
///
/// Our own enums have it from the `inspect` overload beside `enum_names`; for an enum of another
/// namespace CAF cannot find that overload. Include this where messages with such enums are made.
template <libagent::named_enum E>
struct caf::inspector_access<E> : caf::inspector_access_base<E> {
  template <class Inspector>
  static bool apply(Inspector& f, E& x) {
    return libagent::inspect(f, x);
  }
};
