// Result<T>: a value or an Error, spelled like std::expected (which C++20 does not have).
// Nothing throws across a module border: what can fail returns a Result.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/error.h"

namespace mayfly {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  template <class U>
    requires(std::is_convertible_v<U, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }

  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;
inline Status Ok() { return {}; }

}  // namespace mayfly

#define MAYFLY_CONCAT_(a, b) a##b
#define MAYFLY_CONCAT(a, b) MAYFLY_CONCAT_(a, b)

// TRY(expression);                 returns the error of a Result, or goes on.
// TRY_ASSIGN(auto x, expression);  the same, and names the value.
// CO_TRY, CO_TRY_ASSIGN            the same inside a coroutine.
#define MAYFLY_TRY_(return_, expression)                      \
  do {                                                        \
    auto mayfly_try_ = (expression);                          \
    if (!mayfly_try_) return_ std::move(mayfly_try_).error(); \
  } while (false)
#define MAYFLY_TRY_ASSIGN_(return_, temporary, declaration, expression) \
  auto temporary = (expression);                                        \
  if (!temporary) return_ std::move(temporary).error();                 \
  declaration = *std::move(temporary)
#define TRY(expression) MAYFLY_TRY_(return, expression)
#define TRY_ASSIGN(declaration, expression) \
  MAYFLY_TRY_ASSIGN_(return, MAYFLY_CONCAT(try_, __LINE__), declaration, expression)
#define CO_TRY(expression) MAYFLY_TRY_(co_return, expression)
#define CO_TRY_ASSIGN(declaration, expression) \
  MAYFLY_TRY_ASSIGN_(co_return, MAYFLY_CONCAT(try_, __LINE__), declaration, expression)
