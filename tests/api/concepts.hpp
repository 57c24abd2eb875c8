// What the pages of names ask of several types.
#pragma once

#include <concepts>
#include <type_traits>

/// Movable, not copyable.
template <class T>
concept MovesOnly = std::movable<T> && !std::copyable<T>;

/// Neither: others hold its address.
template <class T>
concept Stays = !std::move_constructible<T> && !std::is_move_assignable_v<T> && !std::is_copy_assignable_v<T>;
