/** `2026-11-21 10:00:00.123` in local time, the way the console shows it. */
export function timestamp(timeMs) {
    const time = new Date(timeMs);
    const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
    const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
    return `${date} ${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}
function two(number) {
    return String(number).padStart(2, '0');
}
