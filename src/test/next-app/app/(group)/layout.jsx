/** The layout of a route group, whose name is in no URL. */
export default function Layout({ children }) {
  return <main>{children}</main>;
}
